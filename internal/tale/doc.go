// Package tale is the format of branching stories: what passages, choices and
// variables are, how they are read from Twee 3 and Twine 2 files, checked, and
// written back.
//
// A story passes through three forms. A [Draft] is what authors write:
// passages of text with links and a little markup. [Draft.Compile] checks it
// and makes a [Tale], the JSON of a release, in which text, choices and
// assignments are apart. [Open] compiles the expressions of a tale and returns
// a [Book], which the play of a story reads.
//
//	draft, problems := tale.ReadTwee("cave.twee", file)
//	t, more := draft.Compile()
//	book, err := tale.Open(t)
//
// # Markup
//
// Links are written [[Name]], [[label->Name]], [[Name<-label]] and [[label|Name]].
// One that stands alone on its line is a choice only; in running text it leaves
// its label. Attributes follow in braces: [[label->Name]]{if: gold >= 3; once;
// who: host; auto}. Text depends on conditions by <<if EXPR>>, <<elseif EXPR>>,
// <<else>> and <<endif>>, variables are set by <<set $gold = gold + 1>>, and
// $gold in the text stands for its value. The passage StoryInit declares
// variables: <<set $gold = 0>>, or <<set private $clue = "">> for one that each
// player has of their own. All assignments of a passage are made, in order, when
// it is entered, before its text and its choices are worked out.
//
// The tag "end" marks an ending, "timer:30" gives a passage a time of its own
// in seconds, "mode:rotate" a way to choose.
//
// Nothing in a story is ever executed but these expressions, which know scalars
// only, no loops and no functions but visited(name). Scripts and style sheets
// are dropped. Reading takes time linear in the size of the file.
//
// Values of this package are immutable once built, and may then be shared by
// goroutines.
package tale
