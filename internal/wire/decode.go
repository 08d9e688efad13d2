package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/storywire/storywire/internal/errs"
)

// Checker is a payload that knows which of its fields must be there.
type Checker interface {
	// Check returns an error of code VALIDATION that names a missing field.
	Check() error
}

// Decode reads one JSON value into v, a pointer, and checks it. Its errors have
// the code VALIDATION and a sentence for people that names the field. Empty
// data and null leave v as it is.
func Decode(data []byte, v any) error {
	return DecodeBy(v, func(v any) error {
		if len(data) == 0 {
			return nil
		}
		return json.Unmarshal(data, v)
	})
}

// DecodeBy is Decode with another way to read v, such as one that knows of
// binary values. Its errors are those of encoding/json.
func DecodeBy(v any, read func(v any) error) error {
	if err := read(v); err != nil {
		return explain(err)
	}
	if c, ok := v.(Checker); ok {
		return c.Check()
	}
	return nil
}

// explain turns an error of encoding/json into one of code VALIDATION.
func explain(err error) error {
	const op = "wire.Decode"
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		what := "This"
		if e.Field != "" {
			what = e.Field
		}
		value, _, _ := strings.Cut(e.Value, " ") // "number 4.5"
		return &errs.Error{Op: op, Code: errs.Validation, Message: fmt.Sprintf("%s must be %s, not %s.", what, expected(e.Type), article(value)), Err: err}
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok || strings.Contains(err.Error(), "unexpected end of JSON") {
		return &errs.Error{Op: op, Code: errs.Validation, Message: "This is not valid JSON.", Err: err}
	}
	return &errs.Error{Op: op, Code: errs.Validation, Message: "This could not be read.", Err: err}
}

func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "a list"
	default:
		return "an object"
	}
}

func article(jsonKind string) string {
	switch jsonKind {
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "an object"
	default:
		return "a " + jsonKind
	}
}

// missing returns the error for a field that must be there.
func missing(field string) error {
	return errs.E("wire.Check", errs.Validation, field+" is missing.")
}

func need(field string, id ID) error {
	if id == "" {
		return missing(field)
	}
	return nil
}

// Check wants a storyId.
func (p StoryJoin) Check() error { return need("storyId", p.StoryID) }

// Check wants a storyId.
func (p StoryLeave) Check() error { return need("storyId", p.StoryID) }

// Check wants a room.
func (p SyncSince) Check() error { return need("room", ID(p.Room)) }

// Check wants a storyId; what may be in content is a rule of the comments.
func (p CommentNew) Check() error { return need("storyId", p.StoryID) }

// Check wants a storyId.
func (p CommentList) Check() error { return need("storyId", p.StoryID) }

// Check wants a storyId and isTyping.
func (p CommentTyping) Check() error {
	if p.IsTyping == nil {
		return missing("isTyping")
	}
	return need("storyId", p.StoryID)
}

// Check wants isTyping.
func (p TypingPost) Check() error {
	if p.IsTyping == nil {
		return missing("isTyping")
	}
	return nil
}

// Check wants one of the two questions, or none, and a mode only of a story.
func (p PresenceSubscribe) Check() error {
	switch p.Mode {
	case "":
	case PresenceFull, PresenceIDs, PresenceCountOnly:
		if p.StoryID == "" {
			return errs.E("wire.Check", errs.Validation, "mode needs the storyId it is about.")
		}
	default:
		return errs.E("wire.Check", errs.Validation, "mode must be full, ids or count.")
	}
	if p.StoryID != "" && len(p.UserIDs) > 0 {
		return errs.E("wire.Check", errs.Validation, "Ask for storyId or for userIds, not for both.")
	}
	return nil
}

// Check wants ids.
func (p PresenceGet) Check() error {
	if len(p.UserIDs) == 0 {
		return missing("userIds")
	}
	return nil
}

// Check wants ids or all.
func (p NotificationRead) Check() error {
	if p.All == (len(p.IDs) > 0) {
		return errs.E("wire.Check", errs.Validation, "Name the ids that were read, or all, one of them.")
	}
	return nil
}

// Check wants a token.
func (p AuthRefresh) Check() error {
	if p.Token == "" {
		return missing("token")
	}
	return nil
}

// Check wants a role.
func (p MemberPut) Check() error {
	if p.Role == "" {
		return missing("role")
	}
	return nil
}

// Check wants an addressee.
func (p NotificationSend) Check() error {
	if (p.UserID == "") == (len(p.UserIDs) == 0) {
		return errs.E("wire.Check", errs.Validation, "Name user_id or user_ids, one of them.")
	}
	return nil
}

// Check wants somebody to be.
func (p SignIn) Check() error {
	if (p.CharacterID == "") == (strings.TrimSpace(p.Name) == "") {
		return errs.E("wire.Check", errs.Validation, "Choose a character or give a name, one of them.")
	}
	return nil
}

// Check wants a storyId, this version of the events, and a client id.
func (p EditOpen) Check() error {
	if p.Proto != EditProto {
		return errs.E("wire.Check", errs.Validation, fmt.Sprintf("proto must be %d: reload the page.", EditProto))
	}
	return need("storyId", p.StoryID)
}

// Check wants a storyId.
func (p EditSync) Check() error { return need("storyId", p.StoryID) }

// Check wants a storyId and an update.
func (p EditPush) Check() error {
	if len(p.U) == 0 {
		return missing("u")
	}
	return need("storyId", p.StoryID)
}

// Check wants a storyId and a message.
func (p EditAwareness) Check() error {
	if len(p.AW) == 0 {
		return missing("aw")
	}
	return need("storyId", p.StoryID)
}

// Check wants a storyId.
func (p EditClose) Check() error { return need("storyId", p.StoryID) }

// Check wants a storyId and a passageId.
func (p EditCommentAdd) Check() error {
	if p.PassageID == "" {
		return missing("passageId")
	}
	return need("storyId", p.StoryID)
}

// Check wants a storyId and a parentId.
func (p EditCommentReply) Check() error {
	if p.ParentID == "" {
		return missing("parentId")
	}
	return need("storyId", p.StoryID)
}

// Check wants a storyId, a commentId and resolved.
func (p EditCommentResolve) Check() error {
	switch {
	case p.CommentID == "":
		return missing("commentId")
	case p.Resolved == nil:
		return missing("resolved")
	}
	return need("storyId", p.StoryID)
}

// Check wants a role.
func (p InvitationCreate) Check() error {
	if p.Role == "" {
		return missing("role")
	}
	return nil
}
