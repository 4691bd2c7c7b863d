package main

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/gosimple/slug"
	"sigs.k8s.io/yaml"
)

const longestName = 253

var notOfNames = regexp.MustCompile("[^-a-z0-9.]")

// sanitized is what the controller calls normalize.
func sanitized(name string) string {
	name = notOfNames.ReplaceAllString(strings.ToLower(name), "-")
	if len(name) > longestName {
		name = name[:longestName]
	}
	return strings.Trim(name, "-.")
}

// slugified takes up to three arguments: the longest that the slug may be, whether it is cut between words, and, last,
// the text. One of another type is a panic, which the template reports.
func slugified(arguments ...any) string {
	longest, betweenWords, name := 50, true, ""
	for index, argument := range arguments {
		switch index {
		case len(arguments) - 1:
			name = argument.(string)
		case 0:
			longest = argument.(int)
		case 1:
			betweenWords = argument.(bool)
		}
	}
	return slugged(sanitized(name), longest, betweenWords)
}

func slugged(name string, longest int, betweenWords bool) string {
	slug.MaxLength, slug.EnableSmartTruncate = longest, betweenWords
	return slug.Make(name)
}

func toYAML(value any) (string, error) {
	text, err := yaml.Marshal(value)
	return strings.TrimSuffix(string(text), "\n"), err
}

func fromYAML(text string) (map[string]any, error) {
	value := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return nil, err
	}
	return value, nil
}

func fromYAMLArray(text string) ([]any, error) {
	value := []any{}
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return nil, err
	}
	return value, nil
}

// keys and values come in an order of their own each time where sprig makes them; here they come by name.
func keys(mappings ...map[string]any) []string {
	names := []string{}
	for _, mapping := range mappings {
		names = append(names, slices.Sorted(maps.Keys(mapping))...)
	}
	return names
}

func values(mapping map[string]any) []any {
	found := []any{}
	for _, name := range slices.Sorted(maps.Keys(mapping)) {
		found = append(found, mapping[name])
	}
	return found
}

// watched is the same function, of the same type, that says when it is called and with what.
func watched(function any, note func(arguments []any)) any {
	if function == nil {
		return nil
	}
	inner := reflect.ValueOf(function)
	outer := func(arguments []reflect.Value) []reflect.Value {
		given := make([]any, len(arguments))
		for index, argument := range arguments {
			given[index] = argument.Interface()
		}
		note(given)
		if inner.Type().IsVariadic() {
			return inner.CallSlice(arguments)
		}
		return inner.Call(arguments)
	}
	return reflect.MakeFunc(inner.Type(), outer).Interface()
}
