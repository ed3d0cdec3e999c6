package config

import (
	"slices"
	"testing"

	"lotse/filename"
)

// TestFileKinds checks that the settings know the kinds of package filename.
func TestFileKinds(t *testing.T) {
	want := []string{
		filename.Program, filename.Document, filename.Picture, filename.Film, filename.Sound, filename.Archive,
		filename.Text, filename.Page, filename.Other,
	}
	if !slices.Equal(FileKinds, want) {
		t.Errorf("%q, want %q", FileKinds, want)
	}
}
