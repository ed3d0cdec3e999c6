package agent

import (
	"fmt"
	"os"
	"strings"

	"lotse/plaintext"
)

// maxForeign and maxMessage bound others' text in characters.
const (
	maxForeign = 80
	maxMessage = 400
)

// short makes a stranger's text safe to show: a name or an address.
func short(s string) string { return plaintext.Line(s, maxForeign) }

// Language is one that the customer is spoken to in: "de" or "en".
type Language string

// SystemLanguage reads it from the environment; English unless German.
func SystemLanguage() Language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(strings.ToLower(v), "de") {
				return "de"
			}
			return "en"
		}
	}
	return "en"
}

// text is a sentence for people; the key is its English form.
func (l Language) text(english string, args ...any) string {
	if l == "de" {
		if german, ok := german[english]; ok {
			english = german
		}
	}
	return fmt.Sprintf(english, args...)
}

// german holds the agent's own sentences: waiting picture, terminal panel,
// refusals. The browser panel has its own in novnc-web.
var german = map[string]string{
	// Waiting picture, read by the advisor.
	"Waiting for the customer":                                    "Warten auf den Kunden",
	"The customer is being asked whether you may see the screen.": "Der Kunde wird gefragt, ob Sie den Bildschirm sehen dürfen.",
	"The view is paused":                                          "Die Ansicht ist angehalten",
	"The customer has paused the view and can go on any time.":    "Der Kunde hat die Ansicht angehalten und kann jederzeit fortfahren.",
	"Nothing is shared":                                           "Es wird nichts gezeigt",
	"The customer has taken the view back. Ask for it again.":     "Der Kunde hat die Ansicht zurückgenommen. Bitten Sie erneut darum.",
	"The line is interrupted":                                     "Die Verbindung ist unterbrochen",
	"The customer's program is trying to come back.":              "Das Programm des Kunden versucht, sich wieder zu verbinden.",

	// Terminal: where to.
	"Please type the session number that your advisor tells you, an @ and the gateway (482 193 057@support.example.com): ": "Bitte geben Sie die Sitzungsnummer ein, die Ihr Berater Ihnen nennt, dann ein @ und das Gateway (482 193 057@support.example.com): ",
	"Nothing was connected: %s": "Es wurde nichts verbunden: %s",

	// Refusals, read by the advisor in his viewer.
	"The customer did not allow the view.":       "Der Kunde hat die Ansicht nicht erlaubt.",
	"The customer did not answer in time.":       "Der Kunde hat nicht rechtzeitig geantwortet.",
	"The customer has paused the session.":       "Der Kunde hat die Sitzung angehalten.",
	"The session is over.":                       "Die Sitzung ist beendet.",
	"The screen of the customer cannot be read.": "Der Bildschirm des Kunden kann nicht gelesen werden.",

	// Terminal panel, read by the customer.
	"Please type the session number that your advisor tells you: ": "Bitte geben Sie die Sitzungsnummer ein, die Ihr Berater Ihnen nennt: ",
	"Connecting to %s …":               "Verbindung mit %s wird aufgebaut …",
	"That is not a session number: %s": "Das ist keine Sitzungsnummer: %s",
	"This number did not match. Compare it with your advisor. If it is right, ask for a new one.": "Diese Nummer passt nicht. Vergleichen Sie sie mit Ihrem Berater. Ist sie richtig, bitten Sie um eine neue.",
	"The number is already in use. Please ask your advisor for a new one.":                        "Die Nummer wird bereits benutzt. Bitte lassen Sie sich von Ihrem Berater eine neue geben.",
	"Too many tries. Please wait %d seconds.":                                                     "Zu viele Versuche. Bitte warten Sie %d Sekunden.",
	"Connected with %s.":                                           "Verbunden mit %s.",
	"Encrypted end to end. Comparison code: %s":                    "Ende zu Ende verschlüsselt. Vergleichszahl: %s",
	"Nothing is shared.":                                           "Es wird nichts gezeigt.",
	"%s can see your whole screen.":                                "%s sieht Ihren ganzen Bildschirm.",
	"%s can see and CONTROL your computer. %s takes control back.": "%s sieht und STEUERT Ihren Computer. %s nimmt die Steuerung zurück.",
	"%s can see only this: %s.":                                    "%s sieht nur dies: %s.",
	"%s offers to show the own screen, which a terminal cannot show (start with --panel browser). Enter: no. ": "%s möchte Ihnen den eigenen Bildschirm zeigen; ein Terminal kann das nicht (mit --panel browser starten). Eingabe: nein. ",
	"Another share: may %s see it? [y/N] ":                                     "Eine andere Freigabe: darf %s sie sehen? [j/N] ",
	"m%d: only monitor %s, %d×%d":                                              "m%d: nur Monitor %s, %d×%d",
	"a%d: only the program %s (%s)":                                            "a%d: nur das Programm %s (%s)",
	"y: the whole screen; m1: that monitor; a1,2: these programs; Enter: no. ": "j: der ganze Bildschirm; m1: dieser Monitor; a1,2: diese Programme; Eingabe: nein. ",

	"Windows hides this question from your advisor. Please answer it yourself.":                                     "Windows verdeckt diese Frage vor Ihrem Berater. Bitte beantworten Sie sie selbst.",
	"A program with more rights is in front: your advisor can do nothing meanwhile, and the key %s is not noticed.": "Ein Programm mit mehr Rechten ist im Vordergrund: Ihr Berater kann so lange nichts tun, und die Taste %s wird nicht bemerkt.",
	"It shows, without asking: %s.": "Es zeigt, ohne zu fragen: %s.",

	// Badge and backdrop.
	"Not shared by the customer": "Vom Kunden nicht freigegeben",
	"sees this screen":           "sieht diesen Bildschirm",
	"sees one monitor":           "sieht einen Monitor",
	"sees the chosen programs":   "sieht die gewählten Programme",
	"sees nothing: paused":       "sieht nichts: angehalten",
	"CONTROLS this computer":     "STEUERT diesen Computer",
	"Pause":                      "Anhalten",
	"Go on":                      "Fortfahren",
	"End":                        "Beenden",

	// Record.
	"Record of a Lotse session":        "Protokoll einer Lotse-Sitzung",
	"Gateway: %s":                      "Gateway: %s",
	"Advisor: %s":                      "Berater: %s",
	"(%d further lines were left out)": "(%d weitere Zeilen wurden weggelassen)",
	"joined; comparison code %s":       "verbunden; Vergleichszahl %s",
	"shown: %s":                        "gezeigt: %s",
	"the whole screen":                 "der ganze Bildschirm",
	"one monitor (%s)":                 "ein Monitor (%s)",
	"these programs: %s":               "diese Programme: %s",
	"asked: %s":                        "gefragt: %s",
	"ALLOWED by %[2]s: %[1]s":          "ERLAUBT durch %[2]s: %[1]s",
	"refused by %[2]s: %[1]s":          "abgelehnt durch %[2]s: %[1]s",
	"refused by silence: %s":           "durch Schweigen abgelehnt: %s",
	"ended by %[2]s: %[1]s":            "beendet durch %[2]s: %[1]s",
	"given back by %[2]s: %[1]s":       "zurückgegeben durch %[2]s: %[1]s",
	"see the screen":                   "den Bildschirm sehen",
	"control the computer":             "den Computer steuern",
	"use the clipboard":                "die Zwischenablage benutzen",
	"show the advisor's screen":        "den Bildschirm des Beraters zeigen",
	"see something else":               "etwas anderes sehen",
	"the customer":                     "den Kunden",
	"the advisor":                      "den Berater",
	"the key":                          "die Taste",
	"the program":                      "das Programm",
	"the session is over: %s":          "die Sitzung ist beendet: %s",
	"You are showing your screen":      "Sie zeigen Ihren Bildschirm",
	"The customer sees it. Ask for the view to turn the direction.":                                                "Der Kunde sieht ihn. Bitten Sie um die Ansicht, um die Richtung zu wechseln.",
	"The customer is being asked whether to look at your screen.":                                                  "Der Kunde wird gefragt, ob er Ihren Bildschirm ansehen möchte.",
	"%s can see and CONTROL your computer.":                                                                        "%s sieht und STEUERT Ihren Computer.",
	"Paused: nothing is visible.":                                                                                  "Angehalten: nichts ist sichtbar.",
	"The line is interrupted; trying to come back …":                                                               "Die Verbindung ist unterbrochen; neuer Versuch …",
	"%s asks to SEE your screen. Allow? [y/N] ":                                                                    "%s bittet, Ihren Bildschirm zu SEHEN. Erlauben? [j/N] ",
	"%s asks to CONTROL your computer. Allow? [y/N] ":                                                              "%s bittet, Ihren Computer zu STEUERN. Erlauben? [j/N] ",
	"%s asks to use your CLIPBOARD. Allow? [y/N] ":                                                                 "%s bittet, Ihre ZWISCHENABLAGE zu benutzen. Erlauben? [j/N] ",
	"Keys: t + Enter takes control back, v + Enter hides the screen, p + Enter pauses or goes on, e + Enter ends.": "Tasten: t + Eingabe nimmt die Steuerung zurück, v + Eingabe verbirgt den Bildschirm, p + Eingabe hält an oder fährt fort, e + Eingabe beendet.",
	"This program answers every question by itself: %s.":                                                           "Dieses Programm beantwortet jede Frage selbst: %s.",
	"The session is over. Nothing of this program is left running.":                                                "Die Sitzung ist beendet. Von diesem Programm läuft nichts mehr.",
	"The session is over: %s":                                                                                      "Die Sitzung ist beendet: %s",
	"the advisor ended it":                                                                                         "der Berater hat sie beendet",
	"you ended it":                                                                                                 "Sie haben sie beendet",
	"the number has expired":                                                                                       "die Nummer ist abgelaufen",
	"somebody tried your number with wrong last digits; ask your advisor for a new one":                            "jemand hat Ihre Nummer mit falschen letzten Ziffern probiert; bitten Sie Ihren Berater um eine neue",
	"From your advisor's computer on, the picture is passed to another computer without encryption.":               "Vom Computer Ihres Beraters geht das Bild unverschlüsselt an einen anderen Computer weiter.",
	"the line was lost":                                                                                            "die Verbindung ging verloren",
	"the gateway was shut down":                                                                                    "das Gateway wurde beendet",
	"an error occurred":                                                                                            "ein Fehler ist aufgetreten",
}
