package doornumbers

import (
	"testing"
	"time"

	"lotse/tunnel"
)

// TestDoorNumberLife checks that a number is valid for five minutes, and that a newer number
// replaces it. Numbers that are valid at the same time must differ.
func TestDoorNumberLife(t *testing.T) {
	var d Numbers
	session, err := tunnel.NewNumber("4821")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	first := d.Issue("vnc", session, now, tunnel.DoorNumberLife)
	if n := d.Find("vnc", now.Add(tunnel.DoorNumberLife-1)); n == nil || n != first {
		t.Error("gone too early")
	}
	old := d.Find("vnc", now)
	second := d.Issue("vnc", session, now, tunnel.DoorNumberLife)
	if n := d.Find("vnc", now); n == nil || n != second || d.Spend("vnc", old) {
		t.Error("the older number is still good")
	}
	if other := d.Issue("repeater", session, now, tunnel.DoorNumberLife).Digits; other == second.Digits || other == session {
		t.Error("two doors share a number")
	}
	if d.Find("vnc", now.Add(tunnel.DoorNumberLife)) != nil || len(d.open) != 1 {
		t.Error("good for ever")
	}
	if n := d.Issue("vnc", tunnel.Number{}, now, tunnel.DoorNumberLife); n != nil {
		t.Error("a number without a session")
	}
}
