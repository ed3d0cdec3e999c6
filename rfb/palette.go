package rfb

// palette counts the distinct words of a rectangle, up to a limit. It is a small open-addressing
// table that is cleared by increasing a generation count.
type palette struct {
	colours    []uint32
	slots      [1024]uint32
	index      [1024]uint16
	stamp      [1024]uint32
	generation uint32
}

const maxPalette = 256

// fill collects the colours of words, in order of appearance, and reports whether there are at most
// limit of them. limit is at most maxPalette.
func (p *palette) fill(words []uint32, limit int) bool {
	p.colours = p.colours[:0]
	p.generation++
	if p.generation == 0 { // wrapped: old stamps are invalid
		clear(p.stamp[:])
		p.generation = 1
	}
	if len(words) == 0 {
		return true
	}
	last := ^words[0]
	for _, w := range words {
		if w == last {
			continue
		}
		last = w
		slot := p.slotOf(w)
		if p.stamp[slot] == p.generation {
			continue
		}
		if len(p.colours) == limit {
			return false
		}
		p.stamp[slot], p.slots[slot], p.index[slot] = p.generation, w, uint16(len(p.colours))
		p.colours = append(p.colours, w)
	}
	return true
}

func (p *palette) slotOf(w uint32) uint32 {
	slot := w * 0x9E3779B1 >> 22
	for p.stamp[slot] == p.generation && p.slots[slot] != w {
		slot = (slot + 1) % uint32(len(p.slots))
	}
	return slot
}

// at returns the index of a word that was passed to fill.
func (p *palette) at(w uint32) int { return int(p.index[p.slotOf(w)]) }
