// Package partfile receives a file into a folder. A file that is not complete never has the name of
// the complete one, and no file is replaced.
package partfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// File is a file that is being received. It has a name of its own until it is complete.
type File struct {
	folder, name string
	file         *os.File
	err          error // why it could not be created
}

// Create begins a file in a folder; name is cleaned, see package filename. If that fails, Write and
// Close return the reason.
func Create(folder, name string) *File {
	r := &File{folder: folder, name: name}
	r.file, r.err = os.CreateTemp(folder, "lotse-*.part")
	if r.err == nil {
		r.err = markForeign(r.file.Name())
	}
	return r
}

// Write implements io.Writer.
func (r *File) Write(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	return r.file.Write(b)
}

// Close gives a complete file its name, and returns it. If err is what failed so far, or if that
// fails, the file is removed.
func (r *File) Close(err error) (name string, _ error) {
	if r.file == nil {
		return "", r.err
	}
	part := r.file.Name()
	err = errors.Join(err, r.err, r.file.Close())
	if err == nil {
		name, err = r.rename(part)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(part))
	}
	return name, nil
}

// maxSame is how many files with the same name may be in the folder.
const maxSame = 1000

// rename gives a complete file the first name that is free. It never replaces a file.
func (r *File) rename(part string) (string, error) {
	ending := filepath.Ext(r.name)
	for n := range maxSame {
		name := r.name
		if n > 0 {
			name = fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(r.name, ending), n+1, ending)
		}
		place, err := os.OpenFile(filepath.Join(r.folder, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		place.Close()
		return name, os.Rename(part, filepath.Join(r.folder, name))
	}
	return "", fs.ErrExist
}

// markForeign marks a file as coming from the Internet where the system knows such a mark, as
// browsers do. Windows then warns before it opens the file. A file system that cannot keep the mark
// cannot receive files.
func markForeign(path string) error {
	if runtime.GOOS != "windows" {
		return nil
	}
	return os.WriteFile(path+":Zone.Identifier", []byte("[ZoneTransfer]\r\nZoneId=3\r\n"), 0o600)
}
