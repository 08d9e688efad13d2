// Package msgpack is the MessagePack codec of the parts of Socket.IO that speak
// it: the msgpack parser of clients and the adapters between servers. It writes
// what npm's notepack.io 3 writes, byte for byte, and reads what its versions 2
// and 3 do.
//
// Events travel through this module as JSON, with placeholders where binary
// values belong. [AppendJSON] writes such a value as MessagePack and [Reader.JSON]
// reads one back; neither builds the value in between. [Append] and
// [Reader.Value] are for what is around events.
//
// A [Reader] trusts nothing: lengths are held against the bytes that are left
// before anything is allocated, nesting is bounded, and what follows the value is
// an error for [Reader.End].
//
//	buf := msgpack.AppendArray(nil, 2)
//	buf = msgpack.AppendString(buf, "say")
//	buf, err := msgpack.AppendJSON(buf, []byte(`{"text":"hi"}`), nil)
package msgpack
