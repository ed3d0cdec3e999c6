package config

import "time"

//go:generate go run ./generate

// gatewaySections are the settings of lotse gateway. This list is their only definition:
// gateway.example.toml and docs/settings.md are generated from it (make settings), and
// DefaultGateway and the range checks use it. Checks that need more than one value are in
// gateway.go and doors.go.
var gatewaySections = []section{
	{"", "", mainSettings},
	{"customer", "What customers are asked before and after a session.", customerSettings},
	{"files", "Files that advisor and customer give each other. Each one needs the customer's yes.", fileSettings},
	{"doors", "The ways in for advisors' viewers.", doorSettings},
	{"doors.vnc", "A port for VNC viewers. The user name is the number that stands beside the " +
		"one-time password.", vncSettings},
	{"doors.repeater",
		"An UltraVNC repeater, mode II (ID:number), for old viewers and servers. Nothing is encrypted " +
			"here. Viewers that reach a customer's agent need the one-time password.", repeaterSettings},
	{"tls", "The certificate.", tlsSettings},
	{"acme", "For tls.mode = \"acme\".", acmeSettings},
	{"sessions", "How long things last.", sessionSettings},
	{"limits",
		"Limits against guessing and floods. Only failures count, for the address (IPv6: the /64) " +
			"and the networks around it. A network has a multiple of the bound of one address: an IPv6 " +
			"/56 has 2 times as much, a /48 has 4 times, an IPv4 /24 has 8 times. An address over its " +
			"bound has to wait. In a network over its bound, programs and pages do some work for each " +
			"try first; it takes them a moment and users do not notice. At four times its bound the " +
			"network has to wait. " +
			"Two kinds of addresses in it do not wait: those from which somebody signed in or joined a " +
			"session within a day, and IPv4 addresses without failures, which work.", limitSettings},
	{"audit",
		"The audit trail, audit.jsonl in the data folder. `lotse audit verify` checks that nobody has " +
			"changed it.", auditSettings},
	{"metrics", "The operator's own listener, without TLS.", metricsSettings},
	{"log", "The log on standard error. Session numbers and secrets are never logged.", logSettings},
}

var mainSettings = []Setting{
	text("listen", ":443", "Where to listen: a port, or address and port."),
	text("public_url", "",
		"The address to show in links, if it is not https:// and the first host, such as "+
			"\"https://support.example.com:8443\"."),
	list("hosts", []string{},
		"The names by which browsers and agents reach the gateway, without \"https://\" and port, such "+
			"as [\"support.example.com\"]. Requests for other names are refused. At least one name is "+
			"needed, here or in public_url."),
	text("data", "/var/lib/lotse",
		"Folder of accounts, audit trail and certificates. Only the gateway's user should be able to "+
			"read it."),
	text("name", "", "The name of the service that customers see. \"\" is the first host."),
	text("company", "", "The company of advisors whose account tells none."),
	text("downloads", "",
		"Folder with the programs for customers, named like lotse-agent-windows-amd64.exe. Customers "+
			"save them as lotse-NAME.exe with this gateway's name. \"\" offers the programs that were "+
			"built in (make dist), if any."),
	text("security_contact", "",
		"Where to report weak points of this gateway, for /.well-known/security.txt: an address like "+
			"\"mailto:security@example.com\" or \"https://example.com/security\". \"\" means that there is "+
			"no such file."),
	list("trusted_proxies", []string{},
		"Reverse proxies whose X-Forwarded-For is believed: addresses or networks, such as "+
			"[\"10.0.0.0/8\"]. Leave it empty when nothing stands before the gateway. `lotse doctor` "+
			"checks it."),
}

var customerSettings = []Setting{
	text("customer.terms", "",
		"A file with the terms that customers must accept before they join, as plain text in UTF-8 of "+
			"at most 64 KiB. It is read at the start. Customers read it at /terms. \"\" asks for nothing."),
	text("customer.terms_version", "",
		"The version of the terms, such as \"2026-11\". The record of a session says which version was "+
			"accepted, when, and the SHA-256 of the text."),
	text("customer.question", "",
		"A question to the customer after the session, such as \"Have we solved your problem?\". He "+
			"can answer yes, partly or no on a page of this gateway. The answer is a line of the audit "+
			"trail. \"\" asks nothing."),
}

var fileSettings = []Setting{
	yesNo("files.allowed", true, "Let advisor and customer give each other files."),
	count("files.max_megabytes", MaxFileMegabytes, 1, MaxFileMegabytes, "MB",
		"The size of the largest file, in millions of bytes. The default sets no limit."),
	list("files.kinds", []string{},
		"The kinds of files that may be given, of \"program\", \"document\", \"picture\", \"film\", "+
			"\"sound\", \"archive\", \"text\", \"page\" and \"other\", by the ending of the name. [] allows "+
			"all. The customer's program keeps these limits, as the gateway cannot read what is sent."),
}

var doorSettings = []Setting{
	yesNo("doors.page", true, "Let advisors view in the browser, encrypted end to end."),
	yesNo("doors.helper", true,
		"Let advisors use `lotse view` on their own computer, encrypted end to end."),
	yesNo("doors.websockify", false,
		"Give out addresses for a noVNC elsewhere, on the port of listen. Such a viewer cannot encrypt "+
			"end to end: the gateway does it in its place, and the customer is told \"encrypted to the "+
			"gateway\". It needs a one-time password, which the advisor gets on his page or from `lotse "+
			"session new`. The same holds for the VNC port and the repeater."),
	span("doors.viewer_password", 5*time.Minute, 30*time.Second, 5*time.Minute,
		"How long a one-time password for a viewer is good."),
}

var vncSettings = []Setting{
	text("doors.vnc.listen", "",
		"Where to listen for VNC viewers, such as \":5900\". \"\" closes the door."),
	yesNo("doors.vnc.tls_port", false,
		"Let VNC viewers come to the port of listen at the top of the file too, where port 443 is all "+
			"that gets through. A client that says nothing for 0.8 s is taken for one. Clients behind "+
			"trusted_proxies never are."),
	text("doors.vnc.public", "",
		"The address to tell to advisors, if it is not the first host and this port, such as "+
			"\"support.example.com:5900\"."),
	list("doors.vnc.security", []string{"x509plain"},
		"\"x509plain\" is VeNCrypt: TLS with the certificate of [tls], then the password. \"vncauth\" "+
			"is for viewers that know nothing else: eight characters, and the session is not encrypted on "+
			"its way to the gateway. (TLSPlain cannot be offered.)"),
	list("doors.vnc.vncauth_from", []string{},
		"Addresses and networks that may use \"vncauth\", such as [\"127.0.0.0/8\", \"::1\"]."),
}

var repeaterSettings = []Setting{
	text("doors.repeater.viewer_listen", "",
		"Where to listen for viewers, usually \":5901\". \"\" closes the door."),
	text("doors.repeater.server_listen", "",
		"Where to listen for servers, usually \":5500\". \"\" closes the door."),
	text("doors.repeater.public", "",
		"The viewers' address to tell to advisors, if it is not the first host and this port."),
	{Key: "doors.repeater.keep_alive", Default: Duration{}, OrZero: true,
		Low: Duration{10 * time.Second}, High: Duration{time.Hour},
		Doc: "How often a waiting server hears \"REP 000.000\", which some servers need."},
}

var tlsSettings = []Setting{
	choice("tls.mode", "files", []string{"files", "acme", "dev"},
		"\"files\" is your own certificate. \"acme\" gets one from an authority like Let's Encrypt; "+
			"the gateway must then be reachable at port 443. \"dev\" is for localhost only."),
	text("tls.cert", "",
		"PEM file of the certificate with its chain, for mode \"files\". It is read again when it "+
			"changes or on SIGHUP."),
	text("tls.key", "", "PEM file of the certificate's key, for mode \"files\"."),
	choice("tls.min", "1.3", []string{"1.3", "1.2"},
		"The lowest TLS version. Sessions are encrypted end to end in any case."),
}

var acmeSettings = []Setting{
	text("acme.email", "",
		"Where the authority may write to about your certificate. It may stay empty."),
	text("acme.directory", "", "Directory address of the authority. \"\" is Let's Encrypt."),
}

var sessionSettings = []Setting{
	span("sessions.number", 30*time.Minute, time.Minute, 24*time.Hour,
		"How long a session number is good that nobody has entered."),
	span("sessions.joined", 12*time.Hour, time.Minute, 7*24*time.Hour, "How long a session may last."),
	span("sessions.sign_in", 12*time.Hour, time.Minute, 31*24*time.Hour,
		"How long an advisor stays signed in."),
	span("sessions.owner_grace", time.Minute, time.Second, time.Hour,
		"How long a session waits for its advisor's page to come back."),
	span("sessions.agent_grace", 2*time.Minute, time.Second, time.Hour,
		"How long a session waits for its customer to come back."),
}

var limitSettings = []Setting{
	count("limits.enter_wrong", 10, 1, 1000, "wrong numbers in ten minutes",
		"Wrong session numbers of one address."),
	count("limits.sign_in_wrong", 10, 1, 1000, "wrong sign-ins in ten minutes",
		"Wrong sign-ins of one address, and of one browser that signed in before. No account is ever "+
			"locked. After as many failures, signing in to an account from a new browser takes work."),
	count("limits.enter_per_minute", 120, 1, 100_000, "tries in a minute",
		"Numbers, good or bad, that are entered from addresses that did nothing yet. When there are "+
			"more, each takes work."),
	count("limits.sign_in_per_minute", 60, 1, 100_000, "tries in a minute",
		"Sign-ins, good or bad, from addresses that did nothing yet. When there are more, each takes "+
			"work."),
	count("limits.sessions_per_advisor", 20, 1, 1000, "sessions", "Open sessions of one advisor."),
	count("limits.streams_per_session", 16, 1, 1000, "streams",
		"Viewers and control lines of one session."),
	count("limits.connections", 20000, 1, 1_000_000, "connections",
		"Open connections in all. The process needs a file for each, and some more: LimitNOFILE in the "+
			"systemd unit. `lotse doctor` checks it."),
	count("limits.connections_per_address", 500, 1, 1_000_000, "connections",
		"Open connections of one address. As many new ones may come to nothing in ten seconds. Behind "+
			"trusted proxies, requests are counted so, by the address that the proxy tells."),
	count("limits.viewer_wrong", 20, 1, 100, "wrong passwords in ten minutes",
		"Wrong passwords of one address at the VNC, repeater and websockify doors. They are counted as "+
			"above, but nothing takes work."),
	count("limits.viewers_per_address", 64, 1, 4096, "connections",
		"Open connections of one address at each of these doors."),
}

var auditSettings = []Setting{
	count("audit.megabytes", 16, 1, 1024, "MB",
		"How large a file becomes before the next one is begun."),
	count("audit.files", 50, 1, 10_000, "files",
		"How many files are kept besides the newest. The oldest goes first."),
}

var metricsSettings = []Setting{
	text("metrics.listen", "127.0.0.1:9443",
		"Where to listen for /healthz and /metrics (Prometheus). Keep it on loopback. \"\" switches it "+
			"off. Who asks must do so by an IP address, by localhost or by one of the hosts above."),
}

var logSettings = []Setting{
	choice("log.format", "text", []string{"text", "json"}, "How a line looks."),
	text("log.level", "info",
		"What is written: debug, info, warn or error. One area of the gateway can have a level of its "+
			"own, such as \"info,tunnel=debug\". Areas: gateway (start, stop, certificate, accounts), http "+
			"(what clients do wrong in TLS and HTTP), audit, rfb (viewers at the doors), seal (encryption "+
			"in the place of a viewer), tunnel (sessions, links and streams). SIGUSR1 switches all areas "+
			"to debug, and back."),
}
