package agent

import (
	"log/slog"

	"lotse/logs"
)

// areaLogs are a session's loggers, one for each area of the log.
type areaLogs struct {
	capture *slog.Logger // screen, window list, input, clipboard
	consent *slog.Logger // questions and rights
	rfb     *slog.Logger // viewers
	seal    *slog.Logger // end-to-end encryption
	tunnel  *slog.Logger // the connection to the gateway, and its streams
}

func newAreaLogs(l *slog.Logger) *areaLogs {
	return &areaLogs{
		capture: logs.Area(l, logs.Capture), consent: logs.Area(l, logs.Consent), rfb: logs.Area(l, logs.RFB),
		seal: logs.Area(l, logs.Seal), tunnel: logs.Area(l, logs.Tunnel),
	}
}
