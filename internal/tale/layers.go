package tale

import "strings"

// Layers returns the passages of d by how many choices they are from the start
// (without one, from the first), in the order in which links name them, and in
// a last layer those to which no way leads. It reads links only, and takes time
// linear in the text.
func (d *Draft) Layers() [][]PassageID {
	c := d.compilation()
	layer := []int{}
	for i, p := range d.Passages {
		c.byName[p.Name] = i
		if p.ID == d.Start || i == 0 {
			layer = []int{i}
		}
	}
	var layers [][]PassageID
	seen := make(map[int]bool, len(d.Passages))
	for len(layer) > 0 {
		var ids []PassageID
		var next []int
		for _, i := range layer {
			seen[i] = true
			ids = append(ids, d.Passages[i].ID)
		}
		for _, i := range layer {
			for _, to := range c.linked(d.Passages[i].Body) {
				if !seen[to] {
					seen[to] = true
					next = append(next, to)
				}
			}
		}
		layers, layer = append(layers, ids), next
	}
	var rest []PassageID
	for i, p := range d.Passages {
		if !seen[i] {
			rest = append(rest, p.ID)
		}
	}
	if len(rest) > 0 {
		layers = append(layers, rest)
	}
	return layers
}

// linked returns the passages that a text has links to.
func (c *compilation) linked(body string) []int {
	var list []int
	for line := range strings.SplitSeq(body, "\n") {
		for {
			_, after, ok := strings.Cut(line, "[[")
			if !ok {
				break
			}
			inside, rest, ok := strings.Cut(after, "]]")
			if !ok {
				break
			}
			_, target := c.target(inside)
			if to, ok := c.byName[target]; ok {
				list = append(list, to)
			}
			line = rest
		}
	}
	return list
}
