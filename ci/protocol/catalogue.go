package main

import (
	"time"

	"lotse/agent"
	"lotse/agent/choices"
	"lotse/agent/files"
	"lotse/agent/panel"
	"lotse/consent"
	"lotse/filename"
	"lotse/rfb"
	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/tunnel"
)

// limits are constants that programs and pages share; times are in milliseconds.
var limits = []struct {
	name  string
	value int
}{
	{"maxLinkMessage", tunnel.MaxLinkMessage},
	{"maxControlLine", tunnel.MaxControlLine},
	{"enterTimeout", milliseconds(tunnel.EnterTimeout)},
	{"proofTimeout", milliseconds(tunnel.ProofTimeout)},
	{"maxGrace", milliseconds(tunnel.MaxGrace)},
	{"maxPuzzles", tunnel.MaxPuzzles},
	{"puzzleParts", tunnel.PuzzleParts},
	{"maxPuzzleBits", tunnel.MaxPuzzleBits},
	{"maxStreams", tunnel.MaxStreams},
	{"maxViewers", tunnel.MaxViewers},
	{"maxControls", tunnel.MaxControls},
	{"maxChatText", tunnel.MaxChatText},
	{"maxChatLines", tunnel.MaxChatLines},
	{"maxTermsVersion", tunnel.MaxTermsVersion},
	{"maxCustomerQuestion", tunnel.MaxCustomerQuestion},
	{"maxChatBurst", tunnel.MaxChatBurst},
	{"chatPause", milliseconds(tunnel.ChatPause)},
	{"maxFiles", tunnel.MaxFiles},
	{"maxFileSize", tunnel.MaxFileSize},
	{"maxFileName", filename.Max},
	{"fileWindow", tunnel.FileWindow},
	{"maxFileHeader", tunnel.MaxFileHeader},
	{"fileClaim", milliseconds(tunnel.FileClaim)},
	{"fileNothing", milliseconds(tunnel.FileNothing)},
	{"maxColleagues", tunnel.MaxColleagues},
	{"maxRecordPart", tunnel.MaxRecordPart},
	{"recordEnd", milliseconds(tunnel.RecordEnd)},
	{"doorNumberLife", milliseconds(tunnel.DoorNumberLife)},
	{"maxClipText", screen.MaxClipText},
	{"maxPictureBytes", screen.MaxPictureBytes},
	{"maxPicturePixels", screen.MaxPicturePixels},
	{"clipboardPNG", rfb.ClipboardPNG},
}

// keysyms are the X keysyms that a page sends by itself.
var keysyms = []struct {
	name  string
	value uint32
}{
	{"backspace", keysym.BackSpace}, {"tab", keysym.Tab}, {"enter", keysym.Return}, {"escape", keysym.Escape}, {"print", keysym.Print}, {"f4", keysym.F4},
	{"shiftL", keysym.ShiftL}, {"controlL", keysym.ControlL}, {"altL", keysym.AltL}, {"superL", keysym.SuperL},
}

func milliseconds(d time.Duration) int { return int(d / time.Millisecond) }

// words are the lists of values that a field of a message may have.
var words = []struct {
	name string // of the list; the type's name is capitalized and lacks the final s
	list []string
}{
	{"streamKinds", tunnel.StreamKinds[:]},
	{"sealedDoors", []string{tunnel.DoorEntering, tunnel.DoorPage, tunnel.DoorHelper}},
	{"passwordDoors", []string{tunnel.DoorVNC, tunnel.DoorRepeater}},
	{"numberedDoors", []string{tunnel.DoorVNC, tunnel.DoorRepeater, tunnel.DoorWebsockify}},
	{"sessionStates", []string{tunnel.StateWaiting, tunnel.StateJoined, tunnel.StateAway, tunnel.StateEnded}},
	{"foreignStates", []string{tunnel.ForeignWaiting, tunnel.ForeignHere}},
	{"endReasons", []string{
		tunnel.ReasonAdvisor, tunnel.ReasonCustomer, tunnel.ReasonExpired, tunnel.ReasonBurnt, tunnel.ReasonLost,
		tunnel.ReasonShutdown,
	}},
	{"refusedCodes", []string{tunnel.RefusedNumber, tunnel.RefusedBusy, tunnel.RefusedRate, tunnel.RefusedLost, tunnel.RefusedTerms}},
	{"rightNames", names(consent.View, consent.Control, consent.Clipboard, consent.Show, consent.Point, consent.Record)},
	{"wishNames", names(consent.View, consent.Control, consent.Clipboard, consent.Show, consent.Share, consent.Record)},
	{"colleagueMay", []string{tunnel.ColleagueSees, tunnel.ColleaguePoints, tunnel.ColleagueControls}},
	{"colleagueStages", []string{tunnel.ColleagueAsked, tunnel.ColleagueExpected, tunnel.ColleagueHere, tunnel.ColleagueGone}},
	{"colleagueEnds", []string{
		tunnel.ColleagueRefused, tunnel.ColleagueSilent, tunnel.ColleagueLate, tunnel.ColleagueBurnt, tunnel.ColleagueRemoved,
		tunnel.ColleagueLeft, tunnel.ColleagueTooMany, tunnel.ColleagueNobody,
	}},
	{"lineNames", []string{agent.LineSealed, agent.LinePartly, agent.LineGateway}},
	{"directionNames", []string{consent.Nobody.String(), consent.Customer.String(), consent.Advisor.String()}},
	{"noticeNames", []string{agent.NoticeHidden, agent.NoticeShielded}},
	{"shareKinds", []string{choices.ShareScreen, choices.ShareMonitor, choices.ShareApps}},
	{"answerNames", []string{string(agent.AnswerView), string(agent.AnswerControl), string(agent.AnswerDeny)}},
	{"chatSides", []string{tunnel.ChatByAdvisor, tunnel.ChatByCustomer}},
	{"chatRefusals", []string{tunnel.ChatTooLong, tunnel.ChatEmpty, tunnel.ChatTooMany, tunnel.ChatNobody}},
	{"sentFileStates", []string{tunnel.FileWaiting, tunnel.FileAccepted, tunnel.FileWanted, tunnel.FileDone, tunnel.FileEnded}},
	{"fileEnds", []string{
		tunnel.FileRefused, tunnel.FileSilent, tunnel.FileTooLarge, tunnel.FileForbidden, tunnel.FileTooMany, tunnel.FileBadName, tunnel.FileCancelled,
		tunnel.FileUnwritable, tunnel.FileDamaged, tunnel.FileLost, tunnel.FileNobody,
	}},
	{"panelFileStates", []string{files.Waiting, files.Accepted, files.Saving, files.Done, files.Ended}},
	{"panelFileEnds", []string{
		tunnel.FileRefused, tunnel.FileSilent, tunnel.FileCancelled, tunnel.FileUnwritable, tunnel.FileDamaged, tunnel.FileLost, files.Withdrawn, files.Over,
	}},
	{"fileKinds", []string{
		filename.Program, filename.Document, filename.Picture, filename.Film, filename.Sound, filename.Archive, filename.Text,
		filename.Page, filename.Other,
	}},
	{"panelPhases", []string{
		agent.PhaseNumber, agent.PhaseConnecting, agent.PhaseJoined, agent.PhaseAway, agent.PhaseEnded,
	}},
	{"panelCommands", []string{
		panel.TypeEnter, panel.TypeTerms, panel.TypeAnswer, panel.TypeSilence, panel.TypeShare, panel.TypeTake, panel.TypePause, panel.TypeHold, panel.TypeChat,
		panel.TypeStop, panel.TypeGone, panel.TypeEnd,
	}},
}

func names(rights ...consent.Right) []string {
	var out []string
	for _, r := range rights {
		out = append(out, r.String())
	}
	return out
}

// messages are the messages of links, control streams and panels. The types of their fields are
// added automatically. A control message also has a field with its type.
var messages = []any{
	// PROTOCOL.md, section 2.
	tunnel.SignInRequest{}, tunnel.Me{}, tunnel.Info{}, tunnel.NewSession{}, tunnel.Sessions{},
	tunnel.OpenStreamRequest{}, tunnel.OpenStreamAnswer{}, tunnel.HandOver{}, tunnel.ViewerPassword{},
	tunnel.ViewerAddress{}, tunnel.People{}, tunnel.AdmitRequest{},
	// PROTOCOL.md, sections 3 and 5.
	tunnel.OwnerMessage{}, tunnel.OwnerRequest{}, tunnel.GatewayMessage{}, tunnel.AgentRequest{},
	// PROTOCOL.md, section 6.
	tunnel.AgentHello{}, tunnel.State{}, tunnel.Event{}, tunnel.DoorNumber{}, tunnel.ChatLine{}, tunnel.ChatRefused{}, tunnel.RecordLines{},
	tunnel.Pong{}, tunnel.Bye{}, tunnel.AdvisorHello{}, tunnel.Ask{}, tunnel.AskDoor{}, tunnel.Return{}, tunnel.Remind{},
	tunnel.Chat{}, tunnel.FileOffer{}, tunnel.FileCancel{}, tunnel.FileState{}, tunnel.FileHeader{}, tunnel.RecordHeader{}, tunnel.Ping{},
	tunnel.AskColleague{}, tunnel.ColleagueState{}, tunnel.DropColleague{}, tunnel.PassControl{}, tunnel.PassSession{}, tunnel.End{},
	// PANEL.md.
	agent.Snapshot{}, panel.Message{}, panel.Chat{}, panel.ChatRefused{},
}

// unions are the control messages of each direction.
var unions = []struct {
	name    string
	members []tunnel.ControlMessage
}{
	{"FromAgent", []tunnel.ControlMessage{
		tunnel.AgentHello{}, tunnel.State{}, tunnel.Event{}, tunnel.DoorNumber{}, tunnel.ChatLine{}, tunnel.ChatRefused{}, tunnel.RecordLines{},
		tunnel.FileOffer{}, tunnel.FileState{}, tunnel.ColleagueState{}, tunnel.Pong{}, tunnel.Bye{},
	}},
	{"FromAdvisor", []tunnel.ControlMessage{
		tunnel.AdvisorHello{}, tunnel.Ask{}, tunnel.AskDoor{}, tunnel.Return{}, tunnel.Remind{}, tunnel.Chat{},
		tunnel.FileOffer{}, tunnel.FileCancel{}, tunnel.AskColleague{}, tunnel.DropColleague{}, tunnel.PassControl{}, tunnel.PassSession{},
		tunnel.Ping{}, tunnel.End{},
	}},
}
