package gateway

import (
	"log/slog"

	"lotse/logs"
)

// areaLogs are the loggers of the gateway, one for each area of logs.GatewayAreas. They may log
// names of advisors' accounts and addresses, but never session numbers, customers' names or the
// contents of streams.
type areaLogs struct{ gateway, http, audit, rfb, seal, tunnel *slog.Logger }

func newAreaLogs(l *slog.Logger) areaLogs {
	return areaLogs{
		gateway: logs.Area(l, logs.Gateway), http: logs.Area(l, logs.HTTP),
		audit: logs.Area(l, logs.Audit), rfb: logs.Area(l, logs.RFB),
		seal: logs.Area(l, logs.Seal), tunnel: logs.Area(l, logs.Tunnel),
	}
}
