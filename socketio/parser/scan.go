package parser

import (
	"errors"
	"unicode/utf8"
)

// maxScanDepth is how deep the scanner can go: it keeps one bit per level in a
// uint64 instead of recursing, because a Go stack overflow cannot be recovered.
const maxScanDepth = 64

var errSyntax = errors.New("not JSON")

// scanValue checks that one JSON value starts at data[i] (white space before it
// is skipped) and returns the index after it. Nesting deeper than depth, at most
// maxScanDepth, is ErrDepth.
func scanValue(data []byte, i, depth int) (int, error) {
	var kinds uint64 // one bit per open container, the innermost lowest: 1 = object
	level := 0
	for {
		i = skipSpace(data, i)
		if i >= len(data) {
			return 0, errSyntax
		}
		var err error
		switch c := data[i]; c {
		case '{', '[':
			if level++; level > depth {
				return 0, ErrDepth
			}
			kinds <<= 1
			if c == '{' {
				kinds |= 1
			}
			i = skipSpace(data, i+1)
			if i < len(data) && data[i] == c+2 { // ']' and '}' stand two after '[' and '{'
				break // empty: the loop below closes it
			}
			if c == '{' {
				if i, err = scanKey(data, i); err != nil {
					return 0, err
				}
			}
			continue
		default:
			if i, err = scanScalar(data, i); err != nil {
				return 0, err
			}
		}
		var more bool
		if i, level, kinds, more, err = closeContainers(data, i, level, kinds); err != nil || !more {
			return i, err
		}
	}
}

// closeContainers stands after a value: it takes closing brackets until a comma
// asks for another value (more) or the outermost value is complete.
func closeContainers(data []byte, i, level int, kinds uint64) (int, int, uint64, bool, error) {
	for level > 0 {
		i = skipSpace(data, i)
		if i >= len(data) {
			return 0, 0, 0, false, errSyntax
		}
		object := kinds&1 == 1
		switch c := data[i]; {
		case c == ',' && object:
			i, err := scanKey(data, skipSpace(data, i+1))
			return i, level, kinds, true, err
		case c == ',':
			return i + 1, level, kinds, true, nil
		case c == '}' && object, c == ']' && !object:
			i++
			level--
			kinds >>= 1
		default:
			return 0, 0, 0, false, errSyntax
		}
	}
	return i, level, kinds, false, nil
}

// scanKey takes a member's name and its colon.
func scanKey(data []byte, i int) (int, error) {
	if i >= len(data) || data[i] != '"' {
		return 0, errSyntax
	}
	i, err := scanString(data, i)
	if err != nil {
		return 0, err
	}
	i = skipSpace(data, i)
	if i >= len(data) || data[i] != ':' {
		return 0, errSyntax
	}
	return i + 1, nil
}

func scanScalar(data []byte, i int) (int, error) {
	switch c := data[i]; {
	case c == '"':
		return scanString(data, i)
	case c == 't':
		return scanWord(data, i, "true")
	case c == 'f':
		return scanWord(data, i, "false")
	case c == 'n':
		return scanWord(data, i, "null")
	case c == '-' || c >= '0' && c <= '9':
		return scanNumber(data, i)
	}
	return 0, errSyntax
}

func scanWord(data []byte, i int, word string) (int, error) {
	if len(data)-i < len(word) || string(data[i:i+len(word)]) != word {
		return 0, errSyntax
	}
	return i + len(word), nil
}

// scanString takes a string that starts with its quote at data[i].
func scanString(data []byte, i int) (int, error) {
	for i++; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			return i + 1, nil
		case c < 0x20:
			return 0, errSyntax
		case c >= utf8.RuneSelf || c != '\\':
			continue
		}
		i++
		if i >= len(data) {
			break
		}
		switch data[i] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		case 'u':
			if len(data)-i < 5 || !hex(data[i+1]) || !hex(data[i+2]) || !hex(data[i+3]) || !hex(data[i+4]) {
				return 0, errSyntax
			}
			i += 4
		default:
			return 0, errSyntax
		}
	}
	return 0, errSyntax
}

// scanNumber takes a number as RFC 8259 writes it.
func scanNumber(data []byte, i int) (int, error) {
	if data[i] == '-' {
		i++
	}
	start := i
	i = skipDigits(data, i)
	if i == start || i-start > 1 && data[start] == '0' {
		return 0, errSyntax
	}
	if i < len(data) && data[i] == '.' {
		start = i + 1
		if i = skipDigits(data, start); i == start {
			return 0, errSyntax
		}
	}
	if i < len(data) && data[i]|0x20 == 'e' {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		start = i
		if i = skipDigits(data, start); i == start {
			return 0, errSyntax
		}
	}
	return i, nil
}

func skipDigits(data []byte, i int) int {
	for i < len(data) && data[i] >= '0' && data[i] <= '9' {
		i++
	}
	return i
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\t' || data[i] == '\n' || data[i] == '\r') {
		i++
	}
	return i
}

func hex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
