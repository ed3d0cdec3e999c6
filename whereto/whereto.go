// Package whereto finds the gateway that a copy of the customer's program
// belongs to. The program is one signed file for every gateway, so the name is
// beside it: in its file name, in the mark that browsers write beside a
// download, or in a stamp within the signature.
//
// All of these can be written by others. They are read strictly, only say which
// name is shown to the customer, and never make the program connect by itself.
package whereto

import (
	"fmt"
	"path/filepath"
)

// Source says where a gateway's name was found.
type Source string

// The sources, in the order in which they are asked; the command line comes
// before them and the customer after them.
const (
	Nowhere  Source = ""
	FileName Source = "the program's file name"
	Download Source = "the browser's note on the download"
	Stamp    Source = "the stamp in the program's signature"
)

// Error is a name that was found and cannot be used.
type Error struct {
	Source Source
	Why    error
}

// Error implements error, in words for the customer.
func (e *Error) Error() string {
	return fmt.Sprintf("%s does not name a gateway that can be used: %v. Download the program again from your advisor's page, or type the number with an @ and the gateway", e.Source, e.Why)
}

// Unwrap returns why the name cannot be used.
func (e *Error) Unwrap() error { return e.Why }

// Find asks the sources of the program at path one after the other; publicKey
// is that of stamps, "" for none. A source that names something unusable ends
// the search: what comes after it would not be what the sender meant.
func Find(path, publicKey string) (gateway string, from Source, err error) {
	if path == "" {
		return "", Nowhere, nil
	}
	for _, s := range []struct {
		source Source
		find   func() (string, error)
	}{
		{FileName, func() (string, error) { return fromFileName(filepath.Base(path)) }},
		{Download, func() (string, error) { return fromMark(readMark(path)) }},
		{Stamp, func() (string, error) { return fromStamp(path, publicKey) }},
	} {
		gateway, err := s.find()
		if err != nil {
			return "", s.source, &Error{s.source, err}
		}
		if gateway != "" {
			return gateway, s.source, nil
		}
	}
	return "", Nowhere, nil
}
