package coedit

// Observer counts what a [Service] does. Its methods are called by many
// goroutines at once and must not block.
type Observer interface {
	// DocOpened and DocClosed say that this node has a document open, and no more.
	DocOpened()
	DocClosed()
	// DocsGrew says that the open documents take so many bytes more, or less.
	DocsGrew(bytes int)
	// DocStored says that so many batches of clients are one update of the log.
	DocStored(batches, bytes int)
	// DocRefused says that a batch was checked and refused with an error code.
	DocRefused(code string)
	// DocDiverged says that two nodes had different documents at the same seq.
	DocDiverged()
}

// unobserved is the Observer of those who want none.
type unobserved struct{}

func (unobserved) DocOpened()         {}
func (unobserved) DocClosed()         {}
func (unobserved) DocsGrew(int)       {}
func (unobserved) DocStored(int, int) {}
func (unobserved) DocRefused(string)  {}
func (unobserved) DocDiverged()       {}
