package yjs

// AgeSearches makes the document look as if its conflict searches had passed n items.
func (d *Doc) AgeSearches(n uint32) {
	d.passed = n
	for _, c := range d.clients {
		for _, it := range c.items {
			it.seen = n
		}
	}
}

// Structs returns how many structs the update has.
func (u *Update) Structs() int { return len(u.structs) }
