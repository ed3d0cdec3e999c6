package i18n

import "strconv"

// sizeUnits are the values of the unit in "common.size", each a thousand times the one before.
var sizeUnits = [...]string{"b", "k", "m", "g", "t"}

// Size returns a number of bytes in words, such as "2.3 MB": as many as 999 of the unit, with one
// decimal below 10.
func (l Language) Size(bytes int64) string {
	unit, n := 0, float64(max(0, bytes))
	for n >= 999.5 && unit < len(sizeUnits)-1 {
		n /= 1000
		unit++
	}
	text := strconv.Itoa(int(n + 0.5))
	if unit > 0 && n < 9.95 {
		tenths := int(n*10 + 0.5)
		text = strconv.Itoa(tenths/10) + l.Text("common.decimalPoint") + strconv.Itoa(tenths%10)
	}
	return l.Text("common.size", sizeUnits[unit], text)
}
