package wire

// Check wants a storyId and a cmdId.
func (p PlayCreate) Check() error { return command(p.StoryID, "storyId", p.CmdID) }

// Check wants a sessionId or a code, and a cmdId.
func (p PlayJoin) Check() error {
	if p.SessionID == "" && p.Code == "" {
		return missing("sessionId or code")
	}
	return needCmdID(p.CmdID)
}

// Check wants a sessionId and a cmdId.
func (p PlayCommand) Check() error { return command(p.SessionID, "sessionId", p.CmdID) }

// Check wants a sessionId and a cmdId.
func (p PlayReady) Check() error { return command(p.SessionID, "sessionId", p.CmdID) }

// Check wants a sessionId and a cmdId.
func (p PlayConfigure) Check() error { return command(p.SessionID, "sessionId", p.CmdID) }

// Check wants a sessionId, a round, an option and a cmdId.
func (p PlayChoose) Check() error {
	switch {
	case p.Round < 1:
		return missing("round")
	case p.Option == "":
		return missing("option")
	}
	return command(p.SessionID, "sessionId", p.CmdID)
}

// Check wants a sessionId, a userId and a cmdId.
func (p PlayUser) Check() error {
	if p.UserID == "" {
		return missing("userId")
	}
	return command(p.SessionID, "sessionId", p.CmdID)
}

// Check wants a sessionId and userIds.
func (p PlayInvite) Check() error {
	if len(p.UserIDs) == 0 {
		return missing("userIds")
	}
	return need("sessionId", p.SessionID)
}

// Check wants a sessionId, a toRound and a cmdId.
func (p PlayRewind) Check() error {
	if p.ToRound < 1 {
		return missing("toRound")
	}
	return command(p.SessionID, "sessionId", p.CmdID)
}

// Check wants a sessionId, agree and a cmdId.
func (p PlayAgree) Check() error {
	if p.Agree == nil {
		return missing("agree")
	}
	return command(p.SessionID, "sessionId", p.CmdID)
}

// Check wants a sessionId and a cmdId; what may be said is a rule of the parties.
func (p PlayChatSend) Check() error { return command(p.SessionID, "sessionId", p.CmdID) }

// Check wants a sessionId and isTyping.
func (p PlayTyping) Check() error {
	if p.IsTyping == nil {
		return missing("isTyping")
	}
	return need("sessionId", p.SessionID)
}

// Check wants a sessionId.
func (p PlayClose) Check() error { return need("sessionId", p.SessionID) }

// Check wants a sessionId.
func (p PlaySync) Check() error { return need("sessionId", p.SessionID) }

func command(id ID, field, cmdID string) error {
	if err := need(field, id); err != nil {
		return err
	}
	return needCmdID(cmdID)
}

func needCmdID(cmdID string) error {
	if cmdID == "" {
		return missing("cmdId")
	}
	return nil
}

// Address says which party it is about and, unless it is empty, the id of the command.
func (p *PlayJoin) Address(id, cmdID string) { address(&p.SessionID, &p.CmdID, id, cmdID) }

// Address does as PlayJoin's.
func (p *PlayCommand) Address(id, cmdID string) { address(&p.SessionID, &p.CmdID, id, cmdID) }

// Address does as PlayJoin's.
func (p *PlayReady) Address(id, cmdID string) { address(&p.SessionID, &p.CmdID, id, cmdID) }

// Address does as PlayJoin's.
func (p *PlayConfigure) Address(id, cmdID string) { address(&p.SessionID, &p.CmdID, id, cmdID) }

// Address does as PlayJoin's.
func (p *PlayChoose) Address(id, cmdID string) { address(&p.SessionID, &p.CmdID, id, cmdID) }

// Address does as PlayJoin's.
func (p *PlayUser) Address(id, cmdID string) { address(&p.SessionID, &p.CmdID, id, cmdID) }

// Address does as PlayJoin's.
func (p *PlayRewind) Address(id, cmdID string) { address(&p.SessionID, &p.CmdID, id, cmdID) }

// Address does as PlayJoin's.
func (p *PlayAgree) Address(id, cmdID string) { address(&p.SessionID, &p.CmdID, id, cmdID) }

// Address does as PlayJoin's.
func (p *PlayChatSend) Address(id, cmdID string) { address(&p.SessionID, &p.CmdID, id, cmdID) }

func address(sessionID *ID, ownCmdID *string, id, cmdID string) {
	*sessionID = ID(id)
	if cmdID != "" {
		*ownCmdID = cmdID
	}
}
