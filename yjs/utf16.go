package yjs

import "unicode/utf8"

// replacement is what yjs leaves on both sides of a surrogate pair that was torn apart.
const replacement = "\uFFFD"

// utf16Len returns the length of valid UTF-8 in the units that JavaScript counts.
func utf16Len(s []byte) int {
	n := len(s)
	for _, c := range s {
		switch {
		case c < 0x80:
		case c < 0xc0: // continuation byte: counted by its first byte
			n--
		case c >= 0xf0: // four bytes are a pair
			n++
		}
	}
	return n
}

// utf16Index returns the byte at which unit n of s starts. torn says that n lies inside of a surrogate pair; then the
// index is the first byte of its four.
func utf16Index(s []byte, units, n int) (index int, torn bool) {
	if units == len(s) { // ASCII
		return n, false
	}
	for n > 0 {
		_, size := utf8.DecodeRune(s[index:])
		if size == 4 {
			if n == 1 {
				return index, true
			}
			n--
		}
		n--
		index += size
	}
	return index, false
}

// splitText cuts s, which is units long, before unit n. Neither half may be appended to in place of the other: left has
// no room. owned says that both halves are fresh memory.
func splitText(s []byte, units, n int) (left, right []byte, owned bool) {
	i, torn := utf16Index(s, units, n)
	if !torn {
		return s[:i:i], s[i:], false
	}
	left = append(append(make([]byte, 0, i+3), s[:i]...), replacement...)
	right = append(append(make([]byte, 0, len(s)-i-1), replacement...), s[i+4:]...)
	return left, right, true
}
