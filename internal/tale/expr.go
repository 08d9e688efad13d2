package tale

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

const (
	// memoryBudget is what one evaluation may allocate, in units of package vm.
	memoryBudget = 10_000

	roleName    = "role"    // the role of who reads; empty for spectators
	visitedName = "visited" // visited("Name"): how often that passage was entered
)

// reserved names cannot be variables: the expression language uses them.
var reserved = []string{roleName, visitedName, "true", "false", "nil", "not", "and", "or", "in", "let", "if", "else", "matches", "contains", "startsWith", "endsWith"}

// operators that may join two values.
var operators = []string{"==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "&&", "||", "and", "or"}

// arithmetic replaces the operators that could overflow, divide by zero or make
// fractions. The names cannot be written in an expression.
var arithmetic = map[string]func(a, b int) (int, error){
	"*": func(a, b int) (int, error) {
		c := a * b
		if a != 0 && (c/a != b || c > MaxInt || c < -MaxInt) {
			return 0, errors.New("the product is too large")
		}
		return c, nil
	},
	"/": func(a, b int) (int, error) {
		if b == 0 {
			return 0, errors.New("division by zero")
		}
		return a / b, nil
	},
	"%": func(a, b int) (int, error) {
		if b == 0 {
			return 0, errors.New("division by zero")
		}
		return a % b, nil
	},
}

// program is a compiled expression.
type program struct {
	code     *vm.Program
	personal bool     // its value may differ from reader to reader
	reads    []string // variables
	visited  []string // names of passages
}

// compiler compiles expressions over a set of variables.
type compiler struct {
	vars map[string]Var
	env  map[string]any // a value of the right type for each name
}

func newCompiler(vars map[string]Var) *compiler {
	env := newEnv(len(vars))
	for name, v := range vars {
		env[name] = zero(v.Type).native()
	}
	env[roleName] = ""
	env[visitedName] = func(string) int { return 0 }
	return &compiler{vars: vars, env: env}
}

func newEnv(vars int) map[string]any {
	env := make(map[string]any, vars+len(arithmetic)+2)
	for op, f := range arithmetic {
		env[op] = f
	}
	return env
}

// compile compiles source, whose value must be of type want unless that is empty.
func (c *compiler) compile(source string, want Type) (*program, error) {
	nodes := uint(maxExprNodes)
	if len(source) > MaxExpr {
		nodes *= maxCombined / MaxExpr
	}
	switch {
	case strings.TrimSpace(source) == "":
		return nil, errors.New("the expression is empty")
	case len(source) > maxCombined:
		return nil, fmt.Errorf("the conditions around this have more than %d bytes together", maxCombined)
	}
	g := &guard{c: c, program: &program{}}
	options := []expr.Option{
		expr.Env(c.env), expr.DisableAllBuiltins(), expr.DisableIfOperator(), expr.MaxNodes(nodes),
		expr.Optimize(false), expr.Patch(g),
	}
	switch want {
	case Bool:
		options = append(options, expr.AsBool())
	case Int:
		options = append(options, expr.AsInt())
	}
	code, err := expr.Compile(source, options...)
	if g.err != nil { // says better what is wrong
		return nil, g.err
	}
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, errors.New(first)
	}
	g.program.code = code
	if t := code.Node().Type(); want == String && t != nil && t.Kind().String() != "string" {
		return nil, fmt.Errorf("this is not text but %s", t)
	}
	return g.program, nil
}

// guard refuses what an expression may not have.
type guard struct {
	c       *compiler
	program *program
	err     error
}

// Visit is called for each node, the inner ones first.
func (g *guard) Visit(node *ast.Node) {
	if err := g.check(node); err != nil && g.err == nil {
		g.err = err
	}
}

func (g *guard) check(node *ast.Node) error {
	switch n := (*node).(type) {
	case *ast.BoolNode, *ast.ConditionalNode:
	case *ast.StringNode:
		if len(n.Value) > MaxString {
			return fmt.Errorf("a text has more than %d bytes", MaxString)
		}
	case *ast.IntegerNode:
		if n.Value > MaxInt || n.Value < -MaxInt {
			return fmt.Errorf("the number %d is too large", n.Value)
		}
	case *ast.IdentifierNode:
		return g.identifier(n.Value)
	case *ast.UnaryNode:
		if n.Operator != "!" && n.Operator != "not" && n.Operator != "-" && n.Operator != "+" {
			return fmt.Errorf("the operator %s is not known", n.Operator)
		}
	case *ast.BinaryNode:
		if !slices.Contains(operators, n.Operator) {
			return fmt.Errorf("the operator %s is not known", n.Operator)
		}
		if _, ok := arithmetic[n.Operator]; ok {
			ast.Patch(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: n.Operator}, Arguments: []ast.Node{n.Left, n.Right}})
		}
	case *ast.CallNode:
		return g.call(n)
	case *ast.FloatNode:
		return errors.New("numbers are whole numbers")
	default:
		return errors.New("an expression has numbers, texts, variables, comparisons and visited(\"Name\"), nothing else")
	}
	return nil
}

func (g *guard) identifier(name string) error {
	v, declared := g.c.vars[name]
	switch {
	case name == roleName:
		g.program.personal = true
	case name == visitedName:
	case !declared:
		return fmt.Errorf("there is no variable $%s", name)
	default:
		g.program.personal = g.program.personal || v.Scope == Private
		if !slices.Contains(g.program.reads, name) {
			g.program.reads = append(g.program.reads, name)
		}
	}
	return nil
}

func (g *guard) call(n *ast.CallNode) error {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if ok && callee.Value == visitedName && len(n.Arguments) == 1 {
		if name, ok := n.Arguments[0].(*ast.StringNode); ok {
			g.program.visited = append(g.program.visited, name.Value)
			return nil
		}
	}
	return errors.New("the only function is visited(\"Name\")")
}

// run returns the value of the expression in env.
func (p *program) run(env map[string]any) (Value, error) {
	machine := vm.VM{MemoryBudget: memoryBudget}
	result, err := machine.Run(p.code, env)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return Value{}, errors.New(first)
	}
	return valueOf(result)
}

// plain returns an expression as it is kept: variables without their $.
func plain(source string) string {
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(source); i++ {
		c := source[i]
		switch {
		case quote != 0:
			if c == '\\' && quote != '`' && i+1 < len(source) {
				b.WriteByte(c)
				i++
				c = source[i]
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '$' && i+1 < len(source) && nameStart(source[i+1]):
			continue
		}
		b.WriteByte(c)
	}
	return strings.TrimSpace(b.String())
}

func nameStart(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

func namePart(c byte) bool { return nameStart(c) || c >= '0' && c <= '9' }

// nameLength returns how many bytes at the start of s are a variable's name.
func nameLength(s string) int {
	n := 0
	for n < len(s) && namePart(s[n]) && (n > 0 || nameStart(s[0])) {
		n++
	}
	return n
}

func checkVarName(name string) error {
	switch {
	case name == "" || nameLength(name) != len(name):
		return fmt.Errorf("%q is no name of a variable: letters, digits and _", name)
	case len(name) > MaxVarName:
		return fmt.Errorf("the name of a variable has at most %d bytes", MaxVarName)
	case slices.Contains(reserved, name):
		return fmt.Errorf("%q cannot be a variable", name)
	}
	return nil
}
