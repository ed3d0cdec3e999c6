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
	return fmt.Sprintf(l.phrase(english), args...)
}

// phrase is a sentence for people that somebody else fills in.
func (l Language) phrase(english string) string {
	if l == "de" {
		if german, ok := german[english]; ok {
			return german
		}
	}
	return english
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
	"Connecting to %s …": "Verbindung mit %s wird aufgebaut …",
	"Connect to %s?":     "Mit %s verbinden?",
	"Type yes to connect with the number %s, or another number: ":          "Tippen Sie ja, um sich mit der Nummer %s zu verbinden, oder eine andere Nummer: ",
	"Your number begins with %s. Please type it whole: ":                   "Ihre Nummer beginnt mit %s. Bitte tippen Sie sie ganz: ",
	"That is none of the answers.":                                         "Das ist keine der Antworten.",
	"That is not a session number: %s":                                     "Das ist keine Sitzungsnummer: %s",
	"The number is already in use. Please ask your advisor for a new one.": "Die Nummer wird bereits benutzt. Bitte lassen Sie sich von Ihrem Berater eine neue geben.",
	"Too many tries. Please wait %d seconds.":                              "Zu viele Versuche. Bitte warten Sie %d Sekunden.",
	"Connected with %s.":                                                   "Verbunden mit %s.",
	"Encrypted end to end. Comparison code: %s":                            "Ende zu Ende verschlüsselt. Vergleichszahl: %s",
	"Nothing is shared.":                                                   "Es wird nichts gezeigt.",
	"%s can see your whole screen.":                                        "%s sieht Ihren ganzen Bildschirm.",
	"%s can see and CONTROL your computer. %s takes control back.":         "%s sieht und STEUERT Ihren Computer. %s nimmt die Steuerung zurück.",
	"%s can see only this: %s.":                                            "%s sieht nur dies: %s.",
	"%s would like to show you their screen, which a terminal cannot show (start with --panel browser). Enter: no. ": "%s möchte Ihnen den eigenen Bildschirm zeigen; ein Terminal kann das nicht (mit --panel browser starten). Eingabe: nein. ",
	"%s would like to CONTROL your computer.":                                              "%s möchte Ihren Computer STEUERN.",
	"%s would like to use your CLIPBOARD.":                                                 "%s möchte Ihre ZWISCHENABLAGE benutzen.",
	"%s would like to SEE your screen.":                                                    "%s möchte Ihren Bildschirm SEHEN.",
	"%s would like to see something else of your screen.":                                  "%s möchte etwas anderes von Ihrem Bildschirm sehen.",
	"Type %s to allow it; Enter alone: no. ":                                               "Tippen Sie %s, um es zu erlauben; nur Eingabe: nein. ",
	"Type one of these to allow it; Enter alone: no. ":                                     "Tippen Sie eines davon, um es zu erlauben; nur Eingabe: nein. ",
	"%s: the whole screen":                                                                 "%s: der ganze Bildschirm",
	"%sm%d: only monitor %s, %d×%d":                                                        "%sm%d: nur Monitor %s, %d×%d",
	"%sa%d: only the program %s (%s)":                                                      "%sa%d: nur das Programm %s (%s)",
	"Please answer in the window that has opened on your screen. No + Enter refuses here.": "Bitte antworten Sie in dem Fenster, das sich auf Ihrem Bildschirm geöffnet hat. Nein + Eingabe lehnt hier ab.",
	"Keys: t + Enter takes control back, v + Enter hides the screen, p + Enter pauses or resumes, e + Enter ends.": "Tasten: t + Eingabe nimmt die Steuerung zurück, v + Eingabe verbirgt den Bildschirm, p + Eingabe hält an oder setzt fort, e + Eingabe beendet.",
	"This number did not match. Compare it with your advisor. If it is right, ask for a new one.":                  "Diese Nummer passt nicht. Vergleichen Sie sie mit Ihrem Berater. Ist sie richtig, bitten Sie um eine neue.",

	"Windows hides this question from your advisor. Please answer it yourself.":                                     "Windows verdeckt diese Frage vor Ihrem Berater. Bitte beantworten Sie sie selbst.",
	"A program with more rights is in front: your advisor can do nothing meanwhile, and the key %s is not noticed.": "Ein Programm mit mehr Rechten ist im Vordergrund: Ihr Berater kann so lange nichts tun, und die Taste %s wird nicht bemerkt.",
	"It shows, without asking: %s.": "Es zeigt, ohne zu fragen: %s.",

	// Question window.
	"No":                                               "Nein",
	"No, never ask again":                              "Nein, nie mehr fragen",
	"No answer means No (%d s).":                       "Keine Antwort heißt Nein (%d s).",
	"would like to see your screen.":                   "möchte Ihren Bildschirm sehen.",
	"They only watch. You can always stop.":            "Nur zusehen. Sie können es jederzeit beenden.",
	"Show my screen":                                   "Bildschirm zeigen",
	"would like to CONTROL your computer.":             "möchte Ihren Computer STEUERN.",
	"Yes, allow":                                       "Ja, erlauben",
	"The key %s stops it at any time.":                 "Mit der Taste %s stoppen Sie es jederzeit.",
	"You can stop it at any time.":                     "Sie können es jederzeit stoppen.",
	"With %s they can do everything on this computer.": "Mit %s ist auf diesem Computer alles möglich.",
	"would like to use your clipboard.":                "möchte Ihre Zwischenablage benutzen.",
	"They can then read what you copy, and paste.":     "Was Sie kopieren, kann dann gelesen werden; eingefügt werden kann auch.",
	"would like to show you their screen.":             "möchte Ihnen den eigenen Bildschirm zeigen.",
	"Nothing of yours is shown meanwhile.":             "Von Ihnen wird dabei nichts gezeigt.",
	"Yes, look at it":                                  "Ja, ansehen",
	"Go on showing?":                                   "Weiter zeigen?",
	"%s would see your screen again.":                  "%s sieht dann Ihren Bildschirm wieder.",
	"Show again":                                       "Wieder zeigen",
	"would like to see something else of your screen.": "möchte etwas anderes von Ihrem Bildschirm sehen.",
	"Show something else?":                             "Etwas anderes zeigen?",
	"%s would then see %s.":                            "%s sieht dann %s.",
	"Show it":                                          "Zeigen",
	"Only one program …":                               "Nur ein Programm …",
	"What would you like to show?":                     "Was möchten Sie zeigen?",
	"Show this":                                        "Das zeigen",
	"Back":                                             "Zurück",
	"‹ Back":                                           "‹ Zurück",
	"More ›":                                           "Mehr ›",
	"Can do everything on this computer":               "Kann auf diesem Computer alles",
	"Monitor %s":                                       "Monitor %s",
	"%d × %d":                                          "%d × %d",
	"encrypted to the gateway":                         "verschlüsselt bis zum Gateway",
	"encrypted end to end":                             "Ende zu Ende verschlüsselt",

	// Badge and backdrop.
	"Not shared by the customer": "Vom Kunden nicht freigegeben",
	"sees this screen":           "sieht diesen Bildschirm",
	"sees one monitor":           "sieht einen Monitor",
	"sees the chosen programs":   "sieht die gewählten Programme",
	"sees nothing: paused":       "sieht nichts: angehalten",
	"CONTROLS this computer":     "STEUERT diesen Computer",
	"Pause":                      "Anhalten",
	"Resume":                     "Fortsetzen",
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
	"The customer sees it. Ask for the view to turn the direction.": "Der Kunde sieht ihn. Bitten Sie um die Ansicht, um die Richtung zu wechseln.",
	"The customer is being asked whether to look at your screen.":   "Der Kunde wird gefragt, ob er Ihren Bildschirm ansehen möchte.",
	"%s can see and CONTROL your computer.":                         "%s sieht und STEUERT Ihren Computer.",
	"Paused: nothing is visible.":                                   "Angehalten: nichts ist sichtbar.",
	"The line is interrupted; trying to come back …":                "Die Verbindung ist unterbrochen; neuer Versuch …",
	"This program answers every question by itself: %s.":            "Dieses Programm beantwortet jede Frage selbst: %s.",
	"The session is over. Nothing of this program is left running.": "Die Sitzung ist beendet. Von diesem Programm läuft nichts mehr.",
	"The session is over: %s":                                       "Die Sitzung ist beendet: %s",
	"the advisor ended it":                                          "der Berater hat sie beendet",
	"you ended it":                                                  "Sie haben sie beendet",
	"the number has expired":                                        "die Nummer ist abgelaufen",
	"the line was lost":                                             "die Verbindung ging verloren",
	"the gateway was shut down":                                     "das Gateway wurde beendet",
	"an error occurred":                                             "ein Fehler ist aufgetreten",
	"somebody tried your number with wrong last digits; ask your advisor for a new one":              "jemand hat Ihre Nummer mit falschen letzten Ziffern probiert; bitten Sie Ihren Berater um eine neue",
	"From your advisor's computer on, the picture is passed to another computer without encryption.": "Vom Computer Ihres Beraters geht das Bild unverschlüsselt an einen anderen Computer weiter.",
}
