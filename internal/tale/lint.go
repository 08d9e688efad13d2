package tale

import "slices"

// lint warns of what can be played but was hardly meant. It runs on stories
// without errors.
func (c *compilation) lint() {
	reached := c.reach()
	for i := range c.draft.Passages {
		c.p = &c.draft.Passages[i]
		p := c.tale.Passages[c.p.ID]
		if !reached[c.p.ID] {
			c.at(0, Warning, "unreachable", "No choice leads here.")
		}
		switch {
		case len(p.Choices) == 0 && !p.Ends():
			c.at(0, Warning, "dead-end", "There is no choice here, and no tag “%s”.", EndTag)
		case len(p.Choices) > 0 && p.Ends():
			c.at(0, Warning, "end-with-choices", "This is an ending: its choices are never offered.")
		case len(p.Choices) == 1 && p.Choices[0].Auto && p.Choices[0].If == "" && p.Choices[0].To == c.p.ID:
			c.at(0, Error, "auto-loop", "This passage leads to itself without end.")
		}
	}
	c.p = nil
	for _, name := range sortedKeys(c.tale.Vars) {
		if !c.used[name] {
			c.at(0, Warning, "unused-variable", "$%s is never read.", name)
		}
	}
}

// reach returns the passages to which choices lead from the start.
func (c *compilation) reach() map[PassageID]bool {
	seen := map[PassageID]bool{c.tale.Start: true}
	queue := []PassageID{c.tale.Start}
	for len(queue) > 0 {
		p := c.tale.Passages[queue[0]]
		queue = queue[1:]
		if p.Ends() {
			continue
		}
		for _, choice := range p.Choices {
			if !seen[choice.To] {
				seen[choice.To] = true
				queue = append(queue, choice.To)
			}
		}
	}
	return seen
}

// Endings returns the passages that end the story, in the order of their names.
func (t *Tale) Endings() []PassageID {
	var ends []PassageID
	for id, p := range t.Passages {
		if p.Ends() || len(p.Choices) == 0 {
			ends = append(ends, id)
		}
	}
	slices.SortFunc(ends, func(a, b PassageID) int {
		if t.Passages[a].Name < t.Passages[b].Name {
			return -1
		}
		return 1
	})
	return ends
}
