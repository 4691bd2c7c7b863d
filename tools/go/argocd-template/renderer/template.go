package main

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

var errTooLong = errors.New("the text that it makes is longer than Longshore takes")

// column is one text, ready to be rendered with any params.
type column struct {
	template *template.Template
	err      error
}

func parsed(asked request, called volatile) []column {
	base := template.New("base").Funcs(functions(called)).Option(asked.Options...)
	columns := make([]column, len(asked.Texts))
	for index, text := range asked.Texts {
		own, err := base.Clone()
		if err == nil {
			own, err = own.Parse(text)
		}
		columns[index] = column{own, err}
	}
	return columns
}

func (c column) rendered(value map[string]any, most int) (string, error) {
	if c.err != nil {
		return "", c.err
	}
	out := &limited{most: most}
	if err := c.template.Execute(out, value); err != nil {
		return "", err
	}
	return out.String(), nil
}

// limited ends a template that writes without an end.
type limited struct {
	strings.Builder
	most int
}

func (l *limited) Write(text []byte) (int, error) {
	if l.Len()+len(text) > l.most {
		return 0, errTooLong
	}
	return l.Builder.Write(text)
}

// volatile are functions that were called and whose results nobody can tell beforehand.
type volatile map[string]bool

func (v volatile) names() []string {
	return slices.Sorted(maps.Keys(v))
}

// functions are sprig's without those that tell of the machine, and the controller's own.
func functions(called volatile) template.FuncMap {
	known := sprig.GenericFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(known, name)
	}
	known["normalize"] = sanitized
	known["slugify"] = slugified
	known["toYaml"] = toYAML
	known["fromYaml"] = fromYAML
	known["fromYamlArray"] = fromYAMLArray
	known["keys"] = keys
	known["values"] = values
	for _, name := range alwaysVolatile {
		known[name] = watched(known[name], func([]any) { called[name] = true })
	}
	for name, at := range volatileWithoutTime {
		known[name] = watched(known[name], func(arguments []any) {
			if len(arguments) > at && !isTime(arguments[at]) {
				called[name] = true
			}
		})
	}
	known["durationRound"] = watched(known["durationRound"], func(arguments []any) {
		if _, ok := arguments[0].(time.Time); ok {
			called["durationRound of a time"] = true
		}
	})
	known["printf"] = watched(fmt.Sprintf, func(arguments []any) {
		if showsAddress(arguments[0].(string), arguments[1].([]any)) {
			called["printf of an address"] = true
		}
	})
	return known
}

var alwaysVolatile = []string{
	"ago", "bcrypt", "encryptAES", "genCA", "genCAWithKey", "genPrivateKey", "genSelfSignedCert",
	"genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey", "htpasswd", "now", "randAlpha", "randAlphaNum",
	"randAscii", "randBytes", "randInt", "randNumeric", "shuffle", "uuidv4",
}

// volatileWithoutTime are functions that take the time of day for an argument, at this place, that is no time.
var volatileWithoutTime = map[string]int{
	"date": 1, "dateInZone": 1, "date_in_zone": 1, "htmlDate": 0, "htmlDateInZone": 0,
}

func isTime(value any) bool {
	switch value.(type) {
	case time.Time, *time.Time, int64, int, int32:
		return true
	}
	return false
}

// verbs are those of a format, read as fmt reads it, with what stands between them and their percent sign.
var verbs = regexp.MustCompile(
	`(?s)%([-+# 0]*)(?:\[(?:[^]]*])?)?(?:\*|[0-9]+)?(?:\.(?:\[(?:[^]]*])?)?(?:\*|[0-9]+)?)?(?:\[(?:[^]]*])?)?(.)`,
)

// showsAddress tells whether a place in memory may be printed, which is another one in every process: that of anything
// with %p, and that of what lies inside of times and versions with a verb that does not ask them for their text.
func showsAddress(format string, arguments []any) bool {
	plain := isPlain(arguments)
	for _, found := range verbs.FindAllStringSubmatch(format, -1) {
		flags, verb := found[1], found[2]
		if verb == "p" || !plain && (strings.Contains(flags, "#") || !strings.Contains("vsq%", verb)) {
			return true
		}
	}
	return false
}

// isPlain tells whether a value is all text, numbers and the like, in maps and lists.
func isPlain(value any) bool {
	return isPlainValue(reflect.ValueOf(value))
}

func isPlainValue(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.Interface:
		return isPlainValue(value.Elem())
	case reflect.Map:
		for each := value.MapRange(); each.Next(); {
			if !isPlainValue(each.Value()) {
				return false
			}
		}
	case reflect.Slice, reflect.Array:
		for index := range value.Len() {
			if !isPlainValue(value.Index(index)) {
				return false
			}
		}
	case reflect.Pointer, reflect.Struct, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return false
	}
	return true
}
