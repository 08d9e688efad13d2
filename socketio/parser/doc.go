// Package parser is the packet codec of the Socket.IO protocol, revision 5.
//
// A packet is the text
//
//	<type>[<attachments>-][<namespace>,][<id>][JSON]
//
// followed, for the two binary types, by that many binary messages. The package
// is pure: it holds no state, starts no goroutine and knows no transport.
//
// [Decode] checks a packet in one pass without allocating: type, attachments,
// namespace, id, the shape the type asks for, and that its payload is JSON
// within [Limits]. Values stay raw JSON; nothing is decoded before a handler's
// type is known. What it returns aliases its input.
//
// Binary values travel beside the JSON: where one belongs, the JSON holds the
// object {"_placeholder":true,"num":n}. [Placeholder] recognises such an object
// and [AppendPlaceholder] writes one.
//
//	p, err := parser.Decode([]byte(`2/chat,7["say",{"text":"hi"}]`), parser.Limits{})
//	// p.Type == parser.Event, p.Namespace == "/chat", p.ID == 7, p.Event == "say"
//	first, _ := parser.Element(p.Data, 1) // {"text":"hi"}
package parser
