package i18n

import "testing"

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{
		-1: "0 bytes", 0: "0 bytes", 999: "999 bytes", 1000: "1.0 KB", 9949: "9.9 KB", 9950: "10 KB", 99_999: "100 KB",
		999_499: "999 KB", 999_500: "1.0 MB", 2_345_678: "2.3 MB", 2 << 30: "2.1 GB", 1 << 50: "1126 TB",
		1250: "1.3 KB", 10_500: "11 KB",
	} {
		if got := Language("en").Size(bytes); got != want {
			t.Errorf("%d: %q, want %q", bytes, got, want)
		}
	}
	for lang, want := range map[Language]string{"de": "2,3 MB", "fr": "2,3 Mo"} {
		if got := lang.Size(2_345_678); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}
