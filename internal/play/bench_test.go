package play_test

import (
	"fmt"
	"testing"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/play"
)

// BenchmarkRound reduces the four votes of a round, of a party that has come far.
func BenchmarkRound(b *testing.B) {
	for _, far := range []int{10, 200} {
		b.Run(fmt.Sprint("after ", far), func(b *testing.B) {
			p := newParty(b, book(b, circle), mode("majority"), users...)
			p.start()
			env := play.Env{Book: p.book, NowMs: p.now}
			for round := 0; ; round++ {
				if round == far {
					b.ReportAllocs()
					b.ResetTimer()
				}
				if round >= far {
					s := p.s
					for b.Loop() {
						p.s = s
						vote(b, p, env)
					}
					return
				}
				vote(b, p, env)
			}
		})
	}
}

// circle is a story that never ends, with variables and conditions.
const circle = ":: Start\n<<set $n = ($n + 1) % 100>>Step $n.\n[[Left]]\n[[Right]]\n[[Straight->Start]]{if: n > 1}\n" +
	":: Left\n<<set $m = $n>><<if $m > 50>>Far<<else>>Near<<endif>>.\n[[Back->Start]]\n[[Right]]\n:: Right\nHere.\n[[Back->Start]]\n[[Left]]\n" +
	":: StoryInit\n<<set $n = 0>>\n<<set $m = 0>>\n"

// vote has three of four decide the round.
func vote(b *testing.B, p *party, env play.Env) {
	round := p.s.Round
	for i, user := range []auth.UserID{"ann", "ben", "cat", "dan"} {
		option := p.s.Options[0].ID
		if i == 1 {
			option = p.s.Options[1].ID
		}
		next, _, err := play.Reduce(p.s, play.Cmd{Kind: play.Choose, Actor: user, Round: round, Option: option}, env)
		if err != nil {
			b.Fatal(err)
		}
		p.s = next
	}
	if p.s.Round != round+1 {
		b.Fatalf("round %d is not decided", round)
	}
}
