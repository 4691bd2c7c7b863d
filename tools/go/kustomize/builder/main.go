// Builds one kustomization after another, as `kustomize build` would: with its own command, over files that come in on
// standard input and are nowhere else. The program opens no file, so that it can be run where it may open none, and it
// pays once for what costs kustomize most: its start and its schema.
//
// A request is `LENGTH COUNT\n`, the directory to build in LENGTH bytes, and COUNT files, each as
// `PATH_LENGTH CONTENT_LENGTH\n`, its path and its content. The answer is `ok LENGTH\n` or `error LENGTH\n`, and so
// many bytes: the objects as YAML, or what kustomize says. Anything else ends the program. With any argument it only
// says which kustomize it is.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"runtime/debug"

	"sigs.k8s.io/kustomize/kustomize/v5/commands/build"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

const mostBytes = 1 << 30

func main() {
	if len(os.Args) > 1 {
		fmt.Println(version())
		return
	}
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	usual := openapi.GetSchemaVersion()
	for {
		directory, files, err := read(in)
		if err == io.EOF {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		verdict, text := "ok", built(directory, files)
		if text.err != nil {
			verdict, text.yaml = "error", []byte(text.err.Error())
		}
		fmt.Fprintf(out, "%s %d\n", verdict, len(text.yaml))
		out.Write(text.yaml)
		if out.Flush() != nil {
			return
		}
		if openapi.GetSchemaVersion() != usual {
			openapi.ResetOpenAPI() // a schema of its own would stay for everybody who comes later
		}
	}
}

// version is that of the kustomize it is made of.
func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "sigs.k8s.io/kustomize/kustomize/v5" {
			return module.Version
		}
	}
	return "unknown"
}

type outcome struct {
	yaml []byte
	err  error
}

func built(directory string, files filesys.FileSystem) outcome {
	var yaml bytes.Buffer
	command := build.NewCmdBuild(files, build.MakeHelp("kustomize", "build"), &yaml)
	command.SetArgs([]string{"--load-restrictor", "LoadRestrictionsNone", directory})
	command.SilenceErrors = true
	err := command.Execute()
	return outcome{yaml.Bytes(), err}
}

// read takes one request.
func read(in *bufio.Reader) (directory string, files filesys.FileSystem, err error) {
	var length, count int
	if _, err = fmt.Fscanf(in, "%d %d\n", &length, &count); err != nil {
		return
	}
	name, err := exactly(in, length)
	if err != nil {
		return
	}
	files = filesys.MakeFsInMemory()
	if err = files.MkdirAll(string(name)); err != nil {
		return
	}
	for range count {
		var pathLength, contentLength int
		if _, err = fmt.Fscanf(in, "%d %d\n", &pathLength, &contentLength); err != nil {
			return
		}
		var file, content []byte
		if file, err = exactly(in, pathLength); err != nil {
			return
		}
		if content, err = exactly(in, contentLength); err != nil {
			return
		}
		if err = files.MkdirAll(path.Dir(string(file))); err != nil {
			return
		}
		if err = files.WriteFile(string(file), content); err != nil {
			return
		}
	}
	return string(name), files, nil
}

func exactly(in io.Reader, length int) ([]byte, error) {
	if length < 0 || length > mostBytes {
		return nil, fmt.Errorf("a length of %d", length)
	}
	data := make([]byte, length)
	_, err := io.ReadFull(in, data)
	return data, err
}
