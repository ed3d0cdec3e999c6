package keysym

// legacyRun lists the characters of consecutive keysyms from the 8-bit sets that precede Unicode. A
// blank means no character.
type legacyRun struct {
	first uint32
	chars string
}

// legacyRuns follows the ISO 8859 parts, KOI8-R and TIS 620: a keysym's low byte is the character's
// code there. Characters of an earlier set, or of Latin 1, are left out.
var legacyRuns = []legacyRun{
	// Latin 2.
	{0x1a1, "Ą˘Ł ĽŚ  ŠŞŤŹ ŽŻ ą˛ł ľśˇ šşťź˝žżŔ  Ă ĹĆ Č Ę Ě  ĎĐŃŇ  Ő  ŘŮ Ű  Ţ ŕ  ă ĺć č ę ě  ďđńň  ő  řů ű  ţ˙"},
	// Latin 3.
	{0x2a1, "Ħ    Ĥ  İ ĞĴ    ħ    ĥ  ı ğĵ"},
	{0x2c5, "ĊĈ"},
	{0x2d5, "Ġ  Ĝ    ŬŜ"},
	{0x2e5, "ċĉ"},
	{0x2f5, "ġ  ĝ    ŭŝ"},
	// Latin 4.
	{0x3a2, "ĸŖ ĨĻ   ĒĢŦ"},
	{0x3b3, "ŗ ĩļ   ēģŧŊ ŋĀ"},
	{0x3c7, "Į    Ė  Ī ŅŌĶ"},
	{0x3d9, "Ų   ŨŪ ā"},
	{0x3e7, "į    ė  ī ņōķ"},
	{0x3f9, "ų   ũū"},
	// Cyrillic.
	{0x6a1, "ђѓёєѕіїјљњћќґўџ№ЂЃЁЄЅІЇЈЉЊЋЌҐЎЏюабцдефгхийклмнопярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ"},
	// Greek.
	{0x7a1, "ΆΈΉΊΪ ΌΎΫ Ώ  ΅― άέήίϊΐόύϋΰώ     ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣ ΤΥΦΧΨΩ       αβγδεζηθικλμνξοπρσςτυφχψω"},
	// Publishing, only the characters that people type.
	{0xaa9, "—–"}, {0xaae, "…"}, {0xac9, "™"}, {0xad0, "‘’“”"}, {0xafd, "‚„"},
	// Hebrew.
	{0xce0, "אבגדהוזחטיךכלםמןנסעףפץצקרשת"},
	// Thai.
	{0xda1, "กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลฦวศษสหฬอฮฯะัาำิีึืฺุู    ฿เแโใไๅๆ็่้๊๋์ํ๎๏๐๑๒๓๔๕๖๗๘๙๚๛"},
	// Arabic.
	{0x5ac, "،"}, {0x5bb, "؛"}, {0x5bf, "؟"},
	{0x5c1, "ءآأؤإئابةتثجحخدذرزسشصضطظعغ"},
	{0x5e0, "ـفقكلمنهوىيًٌٍَُِّْ"},
	// Latin 9 and currency.
	{0x13bc, "ŒœŸ"}, {0x20ac, "€"},
}

// legacy maps keysyms to the characters of legacyRuns.
var legacy = func() map[uint32]rune {
	m := map[uint32]rune{}
	for _, run := range legacyRuns {
		sym := run.first
		for _, r := range run.chars {
			if r != ' ' {
				m[sym] = r
			}
			sym++
		}
	}
	return m
}()
