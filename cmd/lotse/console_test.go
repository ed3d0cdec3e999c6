package main

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"lotse/tunnel"
)

// TestReadCommands checks that lines arrive without superfluous spaces, and that a line that is too
// long is not lost: its beginning is too long for the chat, so the customer's end refuses it, and
// the lines after it are read.
func TestReadCommands(t *testing.T) {
	long := "write " + strings.Repeat("株", 10000)
	out := make(chan string, 10)
	readCommands(strings.NewReader("view\n\n  write  Guten   Tag \r\n"+long+"\nend"), out)
	close(out)
	lines := slices.Collect(func(yield func(string) bool) {
		for l := range out {
			if !yield(l) {
				return
			}
		}
	})
	if len(lines) != 4 || lines[0] != "view" || lines[1] != "write Guten Tag" || lines[3] != "end" {
		t.Fatalf("%.60q", lines)
	}
	m, _ := command(lines[2])
	if chat, ok := m.(tunnel.Chat); !ok || utf8.RuneCountInString(chat.Text) <= tunnel.MaxChatText {
		t.Errorf("the long line becomes %T", m)
	}
}
