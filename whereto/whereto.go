// Package whereto determines to which gateway a copy of the customer's program belongs. The program
// is one signed file for every gateway. The name is therefore in its file name, in the mark that
// browsers write for a download, or in a stamp inside the signature.
//
// Other people can write all of these. They are parsed strictly, only determine which name is shown
// to the customer, and never make the program connect by itself.
package whereto

import (
	"fmt"
	"path/filepath"
)

// Source is where a gateway's name was found.
type Source string

// The sources in the order in which they are tried. The command line precedes them, and the
// customer's input follows them.
const (
	Nowhere  Source = ""
	FileName Source = "the program's file name"
	Download Source = "the browser's note on the download"
	Stamp    Source = "the stamp in the program's signature"
)

// Error means that a name was found but cannot be used.
type Error struct {
	Source Source
	Why    error
}

// Error implements error with a text for the customer.
func (e *Error) Error() string {
	return fmt.Sprintf("%s does not name a gateway that can be used: %v. Download the program again from your advisor's page, or type the number with an @ and the gateway", e.Source, e.Why)
}

// Unwrap returns why the name cannot be used.
func (e *Error) Unwrap() error { return e.Why }

// Find tries the sources of the program at path one after the other. publicKey is the key for
// stamps, "" for none. A source with an unusable name ends the search, because later sources would
// not give what the sender meant.
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
