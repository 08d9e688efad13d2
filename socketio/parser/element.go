package parser

// Element returns the i-th value of a JSON array as it is written there. The
// array must be valid, as the Data of an EVENT or ACK that [Decode] accepted;
// the result aliases it. It reads no further than that value.
func Element(array []byte, i int) (raw []byte, ok bool) {
	at := skipSpace(array, 0)
	if at >= len(array) || array[at] != '[' {
		return nil, false
	}
	at = skipSpace(array, at+1)
	if at < len(array) && array[at] == ']' {
		return nil, false
	}
	for ; ; i-- {
		start := skipSpace(array, at)
		end, err := scanValue(array, start, maxScanDepth)
		if err != nil {
			return nil, false
		}
		if i == 0 {
			return array[start:end:end], true
		}
		at = skipSpace(array, end)
		if at >= len(array) || array[at] != ',' {
			return nil, false
		}
		at++
	}
}

// Placeholder reports whether the JSON object at the start of raw stands for an
// attachment, which one, and where the object ends. raw must be valid JSON.
//
// An object whose first member is "_placeholder":true, or "num" followed by it,
// is one; if it does not name an attachment below attachments, or holds more
// than the two members, the error is ErrAttachments.
func Placeholder(raw []byte, attachments int) (num, end int, ok bool, err error) {
	if len(raw) == 0 || raw[0] != '{' {
		return 0, 0, false, nil
	}
	m := members{raw: raw, at: 1}
	for range 2 {
		if !m.next() {
			break
		}
	}
	if !m.flag {
		return 0, 0, false, nil
	}
	at := skipSpace(raw, m.at)
	if !m.hasNum || at >= len(raw) || raw[at] != '}' || m.num >= attachments {
		return 0, 0, false, ErrAttachments
	}
	return m.num, at + 1, true, nil
}

// members walks the first members of an object in search of a placeholder.
type members struct {
	raw    []byte
	at     int
	flag   bool // "_placeholder":true was seen
	hasNum bool
	num    int
}

// next takes one member; it reports whether the object can still be a
// placeholder and has more to look at.
func (m *members) next() bool {
	i := skipSpace(m.raw, m.at)
	if i < len(m.raw) && m.raw[i] == ',' {
		i = skipSpace(m.raw, i+1)
	}
	start := i
	i, err := scanKey(m.raw, start)
	if err != nil {
		return false
	}
	key := m.raw[start+1:]
	value := skipSpace(m.raw, i)
	switch {
	case hasPrefix(key, `_placeholder"`) && hasPrefix(m.raw[value:], "true"):
		m.flag = true
		m.at = value + len("true")
		return true
	case hasPrefix(key, `num"`):
		end := skipDigits(m.raw, value)
		if end == value || end-value > 6 {
			return false
		}
		m.hasNum, m.num = true, 0
		for _, c := range m.raw[value:end] {
			m.num = m.num*10 + int(c-'0')
		}
		m.at = end
		return true
	}
	return false
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// ReplacePlaceholders appends raw, a valid JSON value, to dst with every
// placeholder replaced by what replace appends for its attachment. The error is
// ErrAttachments if a placeholder names none.
func ReplacePlaceholders(dst, raw []byte, attachments int, replace func(dst []byte, num int) []byte) ([]byte, error) {
	for from := 0; ; {
		num, start, end, err := nextPlaceholder(raw, from, attachments)
		if err != nil {
			return dst, err
		}
		dst = append(dst, raw[from:start]...)
		if start == len(raw) {
			return dst, nil
		}
		dst = replace(dst, num)
		from = end
	}
}

// CheckPlaceholders returns the error of ReplacePlaceholders.
func CheckPlaceholders(raw []byte, attachments int) error {
	for from := 0; from < len(raw); {
		_, _, end, err := nextPlaceholder(raw, from, attachments)
		if err != nil {
			return err
		}
		from = end
	}
	return nil
}

// nextPlaceholder returns the first placeholder that begins at from or behind it;
// if there is none, start and end are the end of raw.
func nextPlaceholder(raw []byte, from, attachments int) (num, start, end int, err error) {
	for i := from; i < len(raw); {
		switch raw[i] {
		case '"':
			if i, err = scanString(raw, i); err != nil {
				return 0, 0, 0, ErrPayload
			}
		case '{':
			num, size, ok, err := Placeholder(raw[i:], attachments)
			if err != nil {
				return 0, 0, 0, err
			}
			if ok {
				return num, i, i + size, nil
			}
			i++
		default:
			i++
		}
	}
	return 0, len(raw), len(raw), nil
}
