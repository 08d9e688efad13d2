package coedit

import (
	"crypto/sha256"
	"slices"
)

const (
	sumEvery  = 256 // updates
	sumsKept  = 4   // of this node, and of the others
	sumLength = sha256.Size
)

// sum is the hash of a document at a seq: all nodes must have the same.
type sum struct {
	seq  int64
	hash [sumLength]byte
}

// sums are the last ones of this node, and what others claim.
type sums struct{ own, claimed []sum }

func keep(list []sum, s sum) []sum {
	if len(list) == sumsKept {
		list = slices.Delete(list, 0, 1)
	}
	return append(list, s)
}

// differ returns the first seq at which somebody else has another document,
// and drops the claims that could be compared.
func (s *sums) differ() (seq int64, differ bool) {
	s.claimed = slices.DeleteFunc(s.claimed, func(claim sum) bool {
		i := slices.IndexFunc(s.own, func(own sum) bool { return own.seq == claim.seq })
		if i >= 0 && s.own[i] != claim && !differ {
			seq, differ = claim.seq, true
		}
		return i >= 0
	})
	return seq, differ
}

// tellSum lets the other nodes compare their replicas with this one, now and then.
func (r *room) tellSum() {
	if r.s.deps.Bus == nil || r.seq%sumEvery != 0 {
		return
	}
	s := sum{r.seq, sha256.Sum256(r.doc.EncodeState(nil))}
	r.sums.own = keep(r.sums.own, s)
	r.s.hint(r.id, hint{Kind: hintSum, Seq: s.seq, Data: s.hash[:]})
}

// compareSums gives the replica up if another node has a different one: the
// log is right, and both read it again.
func (r *room) compareSums() {
	seq, differ := r.sums.differ()
	if r.doc == nil || !differ {
		return
	}
	r.s.opts.Logger.Error("replicas of a document differ; it is read again from the log", "story", r.id, "seq", seq)
	r.s.opts.Observer.DocDiverged()
	r.sums = sums{}
	r.discard()
}

// sumMsg is what another node has at a seq, which this one may not have come to.
type sumMsg struct{ sum }

func (m sumMsg) handle(r *room) {
	r.sums.claimed = keep(r.sums.claimed, m.sum)
	r.compareSums()
}
