// Winedll writes bcryptprimitives.dll for wine before version 9, which has none. Every Go
// program calls ProcessPrng of that file and exits if it is missing. The written file contains
// no code. Its only export is forwarded by wine's loader to a function that does the same. This
// is for tests only.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
)

const (
	dllName   = "bcryptprimitives.dll"
	export    = "ProcessPrng"
	forwardTo = "advapi32.SystemFunction036"
)

// The file consists of headers and one section, which holds the export directory.
const (
	headerSize  = 0x200
	sectionAt   = 0x1000 // address in memory
	sectionSize = 0x200  // size in the file
	peAt        = 0x40
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: winedll FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], image(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func image() []byte {
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&b, binary.LittleEndian, v) // a bytes.Buffer accepts everything
		}
	}
	// MS-DOS header: the magic number and the address of the PE header.
	b.WriteString("MZ")
	b.Write(make([]byte, 0x3a))
	put(uint32(peAt))
	// PE and COFF header: x86-64, one section, a DLL without relocations.
	b.WriteString("PE\x00\x00")
	put(uint16(0x8664), uint16(1), uint32(0), uint32(0), uint32(0), uint16(0xf0), uint16(0x2023))
	// Optional header, PE32+.
	put(uint16(0x20b), uint16(0), uint32(0), uint32(sectionSize), uint32(0), uint32(0), uint32(0))
	put(uint64(0x180000000), uint32(0x1000), uint32(0x200))
	put(uint16(6), uint16(0), uint16(0), uint16(0), uint16(6), uint16(0), uint32(0))
	put(uint32(sectionAt+0x1000), uint32(headerSize), uint32(0), uint16(3), uint16(0x100))
	put(uint64(0x100000), uint64(0x1000), uint64(0x100000), uint64(0x1000), uint32(0), uint32(16))
	directory := exports()
	put(uint32(sectionAt), uint32(len(directory)))
	b.Write(make([]byte, 15*8))
	// Section header: readable data.
	b.WriteString(".edata\x00\x00")
	put(uint32(len(directory)), uint32(sectionAt), uint32(sectionSize), uint32(headerSize))
	put(uint32(0), uint32(0), uint32(0), uint32(0x40000040))
	b.Write(make([]byte, headerSize-b.Len()))
	b.Write(directory)
	b.Write(make([]byte, headerSize+sectionSize-b.Len()))
	return b.Bytes()
}

// exports returns the export directory. An address inside it means the name of a forwarder.
func exports() []byte {
	const table = 40 // offset after the directory: functions, names, ordinals
	const texts = sectionAt + table + 10
	var b bytes.Buffer
	for _, v := range []uint32{
		0, 0, 0, texts, 1, 1, 1, sectionAt + table, sectionAt + table + 4, sectionAt + table + 8,
		uint32(texts + len(dllName) + 1 + len(export) + 1), uint32(texts + len(dllName) + 1),
	} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	b.Write([]byte{0, 0}) // the ordinal
	b.WriteString(dllName + "\x00" + export + "\x00" + forwardTo + "\x00")
	return b.Bytes()
}
