package whereto

import (
	"encoding/binary"
	"unicode/utf16"
)

// parseWhereFroms parses the only form of a binary property list that the attribute
// kMDItemWhereFroms has: an array of strings, first the file's address, then the page's. For
// anything else it returns an empty mark. CFBinaryPList.c, "binary plist format".
func parseWhereFroms(b []byte) mark {
	const header, trailer = "bplist00", 32
	if len(b) > maxMark || len(b) < len(header)+trailer || string(b[:len(header)]) != header {
		return mark{}
	}
	t := b[len(b)-trailer:]
	p := plist{body: b[:len(b)-trailer], offsetSize: int(t[6]), refSize: int(t[7])}
	count, top, table := binary.BigEndian.Uint64(t[8:]), binary.BigEndian.Uint64(t[16:]), binary.BigEndian.Uint64(t[24:])
	if p.offsetSize < 1 || p.offsetSize > 8 || p.refSize < 1 || p.refSize > 8 ||
		count > maxMark || top >= count || table > uint64(len(p.body)) || count*uint64(p.offsetSize) > uint64(len(p.body))-table {
		return mark{}
	}
	p.table = p.body[table : table+count*uint64(p.offsetSize)]
	kind, n, refs := p.object(top)
	if kind != 0xa || n > 8 || n*p.refSize > len(refs) {
		return mark{}
	}
	var found [2]string
	for i := range min(n, len(found)) {
		found[i] = p.text(bigEndian(refs[i*p.refSize : (i+1)*p.refSize]))
	}
	return mark{file: found[0], page: found[1]}
}

type plist struct {
	body, table         []byte
	offsetSize, refSize int
}

// object returns an object's kind, its length, and the bytes after both; kind is 0 if there is no
// such object.
func (p *plist) object(ref uint64) (kind byte, n int, rest []byte) {
	if ref >= uint64(len(p.table)/p.offsetSize) {
		return 0, 0, nil
	}
	at := bigEndian(p.table[int(ref)*p.offsetSize : (int(ref)+1)*p.offsetSize])
	if at >= uint64(len(p.body)) {
		return 0, 0, nil
	}
	kind, n, rest = p.body[at]>>4, int(p.body[at]&0xf), p.body[at+1:]
	if n != 0xf {
		return kind, n, rest
	}
	// The length is an integer object.
	if len(rest) == 0 || rest[0]>>4 != 1 || rest[0]&0xf > 3 {
		return 0, 0, nil
	}
	size := 1 << (rest[0] & 0xf)
	if len(rest) < 1+size || bigEndian(rest[1:1+size]) > maxMark {
		return 0, 0, nil
	}
	return kind, int(bigEndian(rest[1 : 1+size])), rest[1+size:]
}

func (p *plist) text(ref uint64) string {
	switch kind, n, rest := p.object(ref); {
	case kind == 5 && n <= len(rest): // ASCII
		return string(rest[:n])
	case kind == 6 && 2*n <= len(rest): // UTF-16
		units := make([]uint16, n)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(rest[2*i:])
		}
		return string(utf16.Decode(units))
	}
	return ""
}

// bigEndian reads up to eight bytes.
func bigEndian(b []byte) (v uint64) {
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}
