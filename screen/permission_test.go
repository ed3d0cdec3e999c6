package screen

import "testing"

func TestPermission(t *testing.T) {
	var p Permission
	early := p.Permit()
	if !early.Valid() || !(Permit{}).Valid() {
		t.Fatal("not allowed at first")
	}
	p.Suspend(false) // it was not suspended
	if !early.Valid() {
		t.Error("giving what is given took it")
	}
	p.Suspend(true)
	p.Suspend(true)
	during := p.Permit()
	if early.Valid() || during.Valid() {
		t.Error("allowed while suspended")
	}
	p.Suspend(false)
	if early.Valid() || during.Valid() {
		t.Error("an event of an earlier time is allowed again")
	}
	if !p.Permit().Valid() {
		t.Error("not allowed any more")
	}
}
