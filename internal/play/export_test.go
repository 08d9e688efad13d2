package play

import "context"

// TickForTest fires what is due in a party, as any node may at any time.
func (s *Service) TickForTest(ctx context.Context, id ID) error {
	_, err := s.do(ctx, id, Cmd{Kind: Tick})
	return err
}

// AttachForTest tells that a user is connected to this node.
func (s *Service) AttachForTest(ctx context.Context, id ID, cmd Cmd) error {
	cmd.Node = s.opts.Node
	_, err := s.do(ctx, id, cmd)
	return err
}

// CheckForTest replays the log of a party.
func (s *Service) CheckForTest(ctx context.Context, id ID) { s.check(ctx, id) }

// ForgetForTest deletes the logs that are too old.
func (s *Service) ForgetForTest(ctx context.Context) error { return s.forgetLogs(ctx) }
