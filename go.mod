module lotse

go 1.26

require (
	filippo.io/edwards25519 v1.1.0 // indirect
	github.com/gtank/ristretto255 v0.2.0 // indirect
	github.com/jezek/xgb v1.3.1 // indirect
)
