// Renders the Go templates of ApplicationSets, one request after another: Go's own text/template with the functions that
// Argo CD's ApplicationSet controller gives it, and no others. The program opens no file and asks nobody, so that it can
// be run where it may not.
//
// A request is `LENGTH\n` and so many bytes of JSON: `options` of the templates, `texts` and `params`, whose `value` is
// what `.` is. JSON knows one kind of map, of list and of number; `typed` are the paths of those that are maps or lists of
// text, or whole numbers, in the controller. `slugs` are texts to make slugs of, as the pull request generator does.
// The answer is `ok LENGTH\n` and JSON again: `results` has a list for each of the params, with a text or
// `{"error": ...}` for each of the texts; `slugs`; and `volatile`, the functions that were called and give something else
// each time. Anything else ends the program. With any argument it only says which version of sprig it is made of.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

const (
	mostBytes     = 64 << 20
	mostTextBytes = 1 << 20
	mostAllBytes  = 12 << 20
)

type params struct {
	Value map[string]any `json:"value"`
	Typed [][]any        `json:"typed"`
}

type request struct {
	Options []string `json:"options"`
	Texts   []string `json:"texts"`
	Params  []params `json:"params"`
	Slugs   []string `json:"slugs"`
}

type answer struct {
	Results  [][]any  `json:"results"`
	Slugs    []string `json:"slugs"`
	Volatile []string `json:"volatile"`
	Error    string   `json:"error"`
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println(version())
		return
	}
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		asked, err := read(in)
		if err == io.EOF {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		text, err := json.Marshal(answered(asked))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Fprintf(out, "ok %d\n%s", len(text), text)
		if out.Flush() != nil {
			return
		}
	}
}

// version is that of the functions, which decide what a template gives.
func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/Masterminds/sprig/v3" {
			return module.Version
		}
	}
	return "unknown"
}

// answered renders every text with all of the params. What goes wrong with one is that one's result.
func answered(asked request) (made answer) {
	defer func() {
		// NB: text/template panics for an option that it does not know, and so does the controller.
		if what := recover(); what != nil {
			made = answer{Error: fmt.Sprint(what)}
		}
	}()
	for index := range asked.Params {
		if err := asked.Params[index].typify(); err != nil {
			return answer{Error: err.Error()}
		}
	}
	for _, text := range asked.Slugs {
		made.Slugs = append(made.Slugs, slugged(text, 50, true))
	}
	called := volatile{}
	columns := parsed(asked, called)
	left := mostAllBytes
	for _, given := range asked.Params {
		row := make([]any, len(columns))
		for index, column := range columns {
			text, err := column.rendered(given.Value, min(left, mostTextBytes))
			left -= len(text)
			if err != nil {
				row[index] = map[string]string{"error": err.Error()}
			} else {
				row[index] = text
			}
		}
		made.Results = append(made.Results, row)
	}
	made.Volatile = called.names()
	return made
}

// typify gives the maps and lists at the paths the types that they have in the controller.
func (given *params) typify() error {
	for _, path := range given.Typed {
		var at any = given.Value
		for depth, step := range path {
			below, set, err := entered(at, step)
			if err != nil {
				return err
			}
			if depth == len(path)-1 {
				if below, err = typed(below); err != nil {
					return err
				}
				set(below)
			}
			at = below
		}
	}
	return nil
}

// entered is what lies one step down, and how to put something else there.
func entered(at any, step any) (any, func(any), error) {
	switch at := at.(type) {
	case map[string]any:
		if name, ok := step.(string); ok {
			return at[name], func(value any) { at[name] = value }, nil
		}
	case []any:
		if index, ok := step.(float64); ok && int(index) >= 0 && int(index) < len(at) {
			return at[int(index)], func(value any) { at[int(index)] = value }, nil
		}
	case []map[string]any:
		if index, ok := step.(float64); ok && int(index) >= 0 && int(index) < len(at) {
			return at[int(index)], func(any) {}, nil
		}
	}
	return nil, nil, errors.New("a path leads nowhere")
}

func typed(value any) (any, error) {
	switch value := value.(type) {
	case float64:
		return int64(value), nil
	case map[string]any:
		texts := make(map[string]string, len(value))
		for name, each := range value {
			text, ok := each.(string)
			if !ok {
				return nil, errors.New("a map of text holds something else")
			}
			texts[name] = text
		}
		return texts, nil
	case []any:
		texts := make([]string, 0, len(value))
		maps := make([]map[string]any, 0, len(value))
		for _, each := range value {
			switch each := each.(type) {
			case string:
				texts = append(texts, each)
			case map[string]any:
				maps = append(maps, each)
			}
		}
		if len(maps) == len(value) && len(maps) > 0 {
			return maps, nil
		}
		if len(texts) == len(value) {
			return texts, nil
		}
	}
	return nil, errors.New("a list of text holds something else")
}

// read takes one request.
func read(in *bufio.Reader) (asked request, err error) {
	var length int
	if _, err = fmt.Fscanf(in, "%d\n", &length); err != nil {
		return
	}
	if length < 0 || length > mostBytes {
		return asked, fmt.Errorf("a length of %d", length)
	}
	text := make([]byte, length)
	if _, err = io.ReadFull(in, text); err != nil {
		return
	}
	err = json.Unmarshal(text, &asked)
	return asked, err
}
