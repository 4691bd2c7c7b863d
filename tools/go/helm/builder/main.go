// Renders one chart after another, as `helm template` would: with Helm's own library of the same version, over an
// archive and values that come in on standard input and are nowhere else. The program opens no file, so that it can be
// run where it may open none, and it pays once for what costs helm most: its start.
//
// A request is `LENGTH LENGTH LENGTH\n` and so many bytes of arguments (those of `helm template` as a JSON list, with
// the chart's path in it left aside), of values (YAML) and of the chart's archive. The answer is `ok LENGTH\n` or
// `error LENGTH\n`, and so many bytes: what helm would print, or what went wrong. Anything else ends the program. With
// any argument it only says which helm it is.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	charts "helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	release "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/strvals"
)

const mostBytes = 1 << 30

func main() {
	if len(os.Args) > 1 {
		fmt.Println(version())
		return
	}
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		arguments, values, archive, err := read(in)
		if err == io.EOF {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		verdict := "ok"
		text, err := rendered(arguments, values, archive)
		if err != nil {
			verdict, text = "error", err.Error()
		}
		fmt.Fprintf(out, "%s %d\n%s", verdict, len(text), text)
		if out.Flush() != nil {
			return
		}
	}
}

// version is that of the helm it is made of.
func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "helm.sh/helm/v4" {
			return module.Version
		}
	}
	return "unknown"
}

// rendered does what the command `helm template` does between its flags and its output.
func rendered(arguments []string, values, archive []byte) (string, error) {
	client := action.NewInstall(action.NewConfiguration())
	client.DryRunStrategy = action.DryRunClient
	client.Replace = true
	settings, err := flagged(client, arguments)
	if err != nil {
		return "", err
	}
	requested, err := loader.LoadArchive(bytes.NewReader(archive))
	if err != nil {
		return "", err
	}
	if err := usable(requested); err != nil {
		return "", err
	}
	known, err := loader.LoadValues(bytes.NewReader(values))
	if err != nil {
		return "", err
	}
	merged := loader.MergeMaps(map[string]any{}, known)
	for _, setting := range settings {
		if err := strvals.ParseInto(setting, merged); err != nil {
			return "", err
		}
	}
	made, err := client.RunWithContext(context.Background(), requested, merged)
	if err != nil {
		return "", err
	}
	return printed(made.(*release.Release), client.DisableHooks), nil
}

// flagged takes those that Longshore uses; another one is an error. Returns what is to be set.
func flagged(client *action.Install, arguments []string) (settings []string, err error) {
	if len(arguments) < 2 {
		return nil, errors.New("no name, no chart")
	}
	client.ReleaseName = arguments[0]
	flags := flag.NewFlagSet("template", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&client.Namespace, "namespace", "default", "")
	flags.BoolVar(&client.IncludeCRDs, "include-crds", false, "")
	flags.BoolVar(&client.SkipCRDs, "skip-crds", false, "")
	flags.BoolVar(&client.DisableHooks, "no-hooks", false, "")
	flags.BoolVar(&client.SkipSchemaValidation, "skip-schema-validation", false, "")
	flags.Func("kube-version", "", func(text string) (err error) {
		client.KubeVersion, err = common.ParseKubeVersion(text)
		return err
	})
	flags.Func("api-versions", "", func(text string) error {
		client.APIVersions = append(client.APIVersions, text)
		return nil
	})
	flags.Func("set", "", func(text string) error {
		settings = append(settings, text)
		return nil
	})
	return settings, flags.Parse(arguments[2:])
}

func usable(requested *chart.Chart) error {
	if kind := requested.Metadata.Type; kind != "" && kind != "application" {
		return fmt.Errorf("%s charts are not installable", kind)
	}
	asked, err := charts.NewAccessor(requested)
	if err != nil {
		return err
	}
	return action.CheckDependencies(requested, asked.MetaDependencies())
}

func printed(made *release.Release, withoutHooks bool) string {
	var text strings.Builder
	fmt.Fprintln(&text, strings.TrimSpace(made.Manifest))
	if !withoutHooks {
		for _, hook := range made.Hooks {
			fmt.Fprintf(&text, "---\n# Source: %s\n%s\n", hook.Path, hook.Manifest)
		}
	}
	return text.String()
}

// read takes one request.
func read(in *bufio.Reader) (arguments []string, values, archive []byte, err error) {
	var lengths [3]int
	if _, err = fmt.Fscanf(in, "%d %d %d\n", &lengths[0], &lengths[1], &lengths[2]); err != nil {
		return
	}
	var parts [3][]byte
	for index, length := range lengths {
		if length < 0 || length > mostBytes {
			return nil, nil, nil, fmt.Errorf("a length of %d", length)
		}
		parts[index] = make([]byte, length)
		if _, err = io.ReadFull(in, parts[index]); err != nil {
			return
		}
	}
	err = json.Unmarshal(parts[0], &arguments)
	return arguments, parts[1], parts[2], err
}
