package tale

import (
	"fmt"
	"slices"
	"strings"
)

// initPassage declares the variables of a story.
const initPassage = "StoryInit"

// declare takes over the declared variables, and those that are only set.
func (c *compilation) declare() {
	for _, name := range sortedKeys(c.draft.Vars) {
		v := c.draft.Vars[name]
		if v.Scope == "" {
			v.Scope = Shared
		}
		err := checkVarName(name)
		switch {
		case err != nil:
		case v.Type != Int && v.Type != Bool && v.Type != String:
			err = fmt.Errorf("$%s is an int, bool or string, not %q", name, v.Type)
		case v.Scope != Shared && v.Scope != Private:
			err = fmt.Errorf("$%s is shared or private, not %q", name, v.Scope)
		case v.Init.Type() == "":
			v.Init = zero(v.Type)
		case v.Init.Type() != v.Type:
			err = fmt.Errorf("$%s starts as a value of type %s, which is not %s", name, v.Init.Type(), v.Type)
		default:
			_, err = valueOf(v.Init.native())
		}
		if err != nil {
			c.at(0, Error, "variable", "Variables: %v.", err)
			continue
		}
		c.tale.Vars[name] = v
	}
	for i := range c.draft.Passages {
		c.p = &c.draft.Passages[i]
		c.declareImplied()
	}
	c.p = nil
	if len(c.tale.Vars) > MaxVars {
		c.at(0, Error, "too-many-variables", "A story has at most %d variables.", MaxVars)
		c.tale.Vars = make(map[string]Var)
	}
}

// declareImplied finds variables that are set in c.p but declared nowhere.
func (c *compilation) declareImplied() {
	line, rest := 1, c.p.Body
	if len(rest) > MaxText {
		return
	}
	for {
		i := strings.Index(rest, "<<set ")
		if i < 0 {
			return
		}
		line += strings.Count(rest[:i], "\n")
		rest = rest[i+len("<<set "):]
		end := strings.Index(rest[:min(len(rest), MaxExpr+MaxVarName+32)], ">>")
		if end < 0 {
			continue
		}
		name, source, ok := splitSet(strings.TrimSpace(rest[:end]))
		if _, known := c.tale.Vars[name]; !ok || known || len(c.tale.Vars) > MaxVars {
			continue
		}
		if err := checkVarName(name); err != nil {
			c.at(line, Error, "variable", "Variables: %v.", err)
			continue
		}
		v := Var{Type: guess(source), Scope: Shared}
		v.Init = zero(v.Type)
		c.tale.Vars[name] = v
		c.at(line, Warning, "undeclared-variable", "$%s is not declared in %s; it starts as %s.", name, initPassage, v.Init.source())
	}
}

// guess returns the type that a variable set to source is likely to have.
func guess(source string) Type {
	switch {
	case source == "true", source == "false", strings.HasPrefix(source, "not "), strings.HasPrefix(source, "!"):
		return Bool
	case source != "" && strings.IndexByte("\"'`", source[0]) >= 0:
		return String
	}
	return Int
}

// splitSet takes "$name = expr" apart; "to", "+=" and "-=" are understood too.
func splitSet(args string) (name, source string, ok bool) {
	args = strings.TrimPrefix(args, "$")
	name = args[:nameLength(args)]
	rest := strings.TrimSpace(args[len(name):])
	for _, op := range []string{"+=", "-="} {
		if after, found := strings.CutPrefix(rest, op); found && name != "" {
			return name, name + " " + op[:1] + " (" + plain(after) + ")", true
		}
	}
	after, found := strings.CutPrefix(rest, "=")
	if strings.HasPrefix(after, "=") {
		return name, "", false
	}
	if !found {
		after, found = strings.CutPrefix(rest, "to ")
	}
	return name, plain(after), found && name != "" && plain(after) != ""
}

// readInit reads the declarations of StoryInit; each problem is given to report
// with its line in text, from 1.
func readInit(text string, report func(line int, s Severity, code, message string)) map[string]Var {
	vars := make(map[string]Var)
	bare := newCompiler(nil) // a variable starts as what no other tells
	line := 0
	for row := range strings.SplitSeq(text, "\n") {
		line++
		for row = strings.TrimSpace(row); row != ""; {
			inner, isSet := strings.CutPrefix(row, "<<set ")
			end := strings.Index(inner, ">>")
			if !isSet || end < 0 {
				report(line, Warning, "init", initPassage+" has only <<set $name = VALUE>>; the rest is ignored.")
				break
			}
			args := strings.TrimSpace(inner[:end])
			row = strings.TrimSpace(inner[end+2:])
			v := Var{Scope: Shared}
			if rest, private := strings.CutPrefix(args, "private "); private {
				v.Scope, args = Private, strings.TrimSpace(rest)
			}
			name, source, ok := splitSet(args)
			if err := checkVarName(name); !ok || err != nil {
				report(line, Error, "variable", "Write <<set $name = VALUE>>.")
				continue
			}
			value, err := constant(bare, source)
			switch _, twice := vars[name]; {
			case err != nil:
				report(line, Error, "variable", fmt.Sprintf("$%s starts as a value: %v.", name, err))
			case twice:
				report(line, Error, "variable", fmt.Sprintf("$%s is declared twice.", name))
			case len(vars) >= MaxVars:
				report(line, Error, "too-many-variables", fmt.Sprintf("A story has at most %d variables.", MaxVars))
				return vars
			default:
				v.Type, v.Init = value.Type(), value
				vars[name] = v
			}
		}
	}
	return vars
}

// constant returns the value of an expression without variables.
func constant(c *compiler, source string) (Value, error) {
	if len(source) > MaxExpr {
		return Value{}, fmt.Errorf("an expression has at most %d bytes", MaxExpr)
	}
	p, err := c.compile(source, "")
	if err != nil {
		return Value{}, err
	}
	return p.run(c.env)
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
