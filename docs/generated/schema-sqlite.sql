CREATE TABLE IF NOT EXISTS "journal" (
  "seq" INTEGER NOT NULL,
  "at_ns" INTEGER NOT NULL,
  "decky" TEXT,
  "service" TEXT,
  "connection" TEXT,
  "src" TEXT,
  "src_port" INTEGER,
  "dst" TEXT,
  "dst_port" INTEGER,
  "session" TEXT,
  "kind" TEXT NOT NULL,
  "fact" TEXT NOT NULL,
  PRIMARY KEY ("seq")
);
CREATE TABLE IF NOT EXISTS "meta" (
  "name" TEXT NOT NULL,
  "value" TEXT NOT NULL,
  PRIMARY KEY ("name")
);
CREATE TABLE IF NOT EXISTS "attackers" (
  "uuid" TEXT NOT NULL,
  "ip" TEXT,
  "first_seen" TEXT,
  "last_seen" TEXT,
  "event_count" INTEGER,
  "service_count" INTEGER,
  "decky_count" INTEGER,
  "services" TEXT,
  "deckies" TEXT,
  "traversal_path" TEXT,
  "is_traversal" INTEGER,
  "bounty_count" INTEGER,
  "credential_count" INTEGER,
  "fingerprints" TEXT,
  "commands" TEXT,
  "updated_at" TEXT,
  "state" BLOB,
  "country_code" TEXT,
  "country_source" TEXT,
  "asn" INTEGER,
  PRIMARY KEY ("uuid")
);
CREATE UNIQUE INDEX "attackers_by_ip" ON "attackers" ("ip");
CREATE INDEX "attackers_by_first_seen" ON "attackers" ("first_seen");
CREATE INDEX "attackers_by_last_seen" ON "attackers" ("last_seen");
CREATE INDEX "attackers_by_updated_at" ON "attackers" ("updated_at");
CREATE INDEX "attackers_by_country_code" ON "attackers" ("country_code");
CREATE TABLE IF NOT EXISTS "attacker_behavior" (
  "attacker_uuid" TEXT NOT NULL,
  "kex_order_raw" TEXT,
  "ssh_client_banners" TEXT,
  "tcp_fingerprint" TEXT,
  "retransmit_count" INTEGER,
  "clock_skew_ppm" REAL,
  "ts_hz" REAL,
  "clock_skew_ci" REAL,
  "clock_skew_points" INTEGER,
  "isn_class" TEXT,
  "ipid_class" TEXT,
  "link_type" TEXT,
  "ecn" TEXT,
  "os_guess" TEXT,
  "hop_distance" INTEGER,
  "tool_guesses" TEXT,
  "updated_at" TEXT,
  "state" BLOB,
  "behavior_class" TEXT,
  "beacon_interval_s" REAL,
  "beacon_jitter_pct" REAL,
  "timing_stats" TEXT,
  "phase_sequence" TEXT,
  PRIMARY KEY ("attacker_uuid")
);
CREATE INDEX "attacker_behavior_by_updated_at" ON "attacker_behavior" ("updated_at");
CREATE TABLE IF NOT EXISTS "attacker_aggregate" (
  "attacker_uuid" TEXT NOT NULL,
  "activity_dist_by_hour" TEXT,
  "session_duration_dist" TEXT,
  "recon_to_action_ratio" REAL,
  "lateral_movement_graph" TEXT,
  "first_persistence_at" TEXT,
  "first_exfil_at" TEXT,
  "is_persistent" INTEGER,
  "tool_sequence" TEXT,
  "error_response" TEXT,
  "updated_at" TEXT,
  PRIMARY KEY ("attacker_uuid")
);
CREATE INDEX "attacker_aggregate_by_updated_at" ON "attacker_aggregate" ("updated_at");
CREATE TABLE IF NOT EXISTS "session" (
  "sid" TEXT NOT NULL,
  "attacker_uuid" TEXT,
  "connection" TEXT,
  "channel" INTEGER,
  "decky" TEXT,
  "service" TEXT,
  "user" TEXT,
  "program" TEXT,
  "command" TEXT,
  "opened_at" TEXT,
  "closed_at" TEXT,
  "close_cause" TEXT,
  "exit_status" INTEGER,
  "recording" TEXT,
  "recording_bytes" INTEGER,
  "recording_extent" TEXT,
  "state" BLOB,
  PRIMARY KEY ("sid")
);
CREATE INDEX "session_by_attacker_uuid" ON "session" ("attacker_uuid");
CREATE INDEX "session_by_opened_at" ON "session" ("opened_at");
CREATE INDEX "session_by_closed_at" ON "session" ("closed_at");
CREATE TABLE IF NOT EXISTS "session_profile" (
  "sid" TEXT NOT NULL,
  "log_id" INTEGER,
  "schema_version" INTEGER,
  "kd_iki_mean" REAL,
  "kd_iki_stdev" REAL,
  "kd_iki_p50" REAL,
  "kd_iki_p95" REAL,
  "kd_enter_latency_p50" REAL,
  "kd_enter_latency_p95" REAL,
  "kd_burst_ratio" REAL,
  "kd_think_ratio" REAL,
  "kd_pause_hist_burst" INTEGER,
  "kd_pause_hist_think" INTEGER,
  "kd_pause_hist_distracted" INTEGER,
  "kd_start_of_action_latency" REAL,
  "kd_ctrl_backspace" REAL,
  "kd_ctrl_wkill" REAL,
  "kd_ctrl_ukill" REAL,
  "kd_ctrl_abort" REAL,
  "kd_ctrl_eof" REAL,
  "kd_arrow_rate" REAL,
  "kd_tab_rate" REAL,
  "kd_digraph_simhash" BLOB,
  "kd_typist_vector" BLOB,
  "kd_digraph_count" INTEGER,
  "kd_table_version" INTEGER,
  "kd_top_bigrams" TEXT,
  "paste_count" INTEGER,
  "input_class" TEXT,
  "input_evidence" TEXT,
  "total_keystrokes" INTEGER,
  "session_duration_s" REAL,
  "term" TEXT,
  "term_cols" INTEGER,
  "term_rows" INTEGER,
  "term_px" TEXT,
  "term_modes" TEXT,
  "resize_count" INTEGER,
  "env" TEXT,
  "locale" TEXT,
  "client_banner" TEXT,
  "client_banner_s" REAL,
  "src_port" INTEGER,
  "dst_port" INTEGER,
  "agent_forwarding" INTEGER,
  "channels_max" INTEGER,
  "created_at" TEXT,
  "cmd_think_p50" REAL,
  "cmd_think_p95" REAL,
  "sensitive_pause_ratio" REAL,
  "cmd_ngrams" TEXT,
  "editors" TEXT,
  "history_use" TEXT,
  "kd_hold_mean" REAL,
  "kd_hold_stdev" REAL,
  "kd_hold_p50" REAL,
  "kd_hold_p95" REAL,
  PRIMARY KEY ("sid")
);
CREATE INDEX "session_profile_by_log_id" ON "session_profile" ("log_id");
CREATE INDEX "session_profile_by_kd_digraph_simhash" ON "session_profile" ("kd_digraph_simhash");
CREATE INDEX "session_profile_by_created_at" ON "session_profile" ("created_at");
CREATE TABLE IF NOT EXISTS "keystroke" (
  "sid" TEXT NOT NULL,
  "part" INTEGER NOT NULL,
  "keys" INTEGER,
  "instants_us" TEXT,
  "strokes" BLOB,
  PRIMARY KEY ("sid", "part")
);
CREATE TABLE IF NOT EXISTS "session_channel" (
  "id" INTEGER NOT NULL,
  "attacker_uuid" TEXT,
  "connection" TEXT,
  "channel" INTEGER,
  "sid" TEXT,
  "kind" TEXT,
  "program" TEXT,
  "target_host" TEXT,
  "target_port" INTEGER,
  "originator" TEXT,
  "answer" TEXT,
  "opened_at" TEXT,
  "closed_at" TEXT,
  PRIMARY KEY ("id")
);
CREATE INDEX "session_channel_by_connection" ON "session_channel" ("connection");
CREATE INDEX "session_channel_by_attacker_uuid" ON "session_channel" ("attacker_uuid");
CREATE TABLE IF NOT EXISTS "session_command" (
  "sid" TEXT NOT NULL,
  "n" INTEGER NOT NULL,
  "line" TEXT,
  "started_at" TEXT,
  "entered_at" TEXT,
  "ended_at" TEXT,
  "exit_status" INTEGER,
  "think_s" REAL,
  "enter_latency_s" REAL,
  "sensitive" TEXT,
  "technique" TEXT,
  "flags" TEXT,
  "canonical" TEXT,
  PRIMARY KEY ("sid", "n")
);
CREATE TABLE IF NOT EXISTS "session_typo" (
  "sid" TEXT NOT NULL,
  "n" INTEGER NOT NULL,
  "command" INTEGER,
  "at" TEXT,
  "typed" TEXT,
  "became" TEXT,
  "kind" TEXT,
  PRIMARY KEY ("sid", "n")
);
CREATE TABLE IF NOT EXISTS "auth_attempt" (
  "id" INTEGER NOT NULL,
  "attacker_uuid" TEXT,
  "connection" TEXT,
  "decky" TEXT,
  "service" TEXT,
  "attempt" INTEGER,
  "at" TEXT,
  "gap_s" REAL,
  "method" TEXT,
  "user" TEXT,
  "secret" TEXT,
  "outcome" TEXT,
  PRIMARY KEY ("id")
);
CREATE INDEX "auth_attempt_by_attacker_uuid" ON "auth_attempt" ("attacker_uuid");
CREATE TABLE IF NOT EXISTS "credential" (
  "id" BLOB NOT NULL,
  "attacker_uuid" TEXT,
  "service" TEXT,
  "user" TEXT,
  "secret" TEXT,
  "accepted" INTEGER,
  "first_seen" TEXT,
  "last_seen" TEXT,
  "count" INTEGER,
  PRIMARY KEY ("id")
);
CREATE INDEX "credential_by_attacker_uuid" ON "credential" ("attacker_uuid");
CREATE INDEX "credential_by_secret" ON "credential" ("secret");
CREATE TABLE IF NOT EXISTS "ssh_key" (
  "id" INTEGER NOT NULL,
  "attacker_uuid" TEXT,
  "connection" TEXT,
  "source" TEXT,
  "offer" INTEGER,
  "at" TEXT,
  "user" TEXT,
  "key_type" TEXT,
  "bits" INTEGER,
  "fingerprint" TEXT,
  "signature_algorithm" TEXT,
  "proof" TEXT,
  "comment" TEXT,
  PRIMARY KEY ("id")
);
CREATE INDEX "ssh_key_by_attacker_uuid" ON "ssh_key" ("attacker_uuid");
CREATE INDEX "ssh_key_by_fingerprint" ON "ssh_key" ("fingerprint");
CREATE TABLE IF NOT EXISTS "fingerprint" (
  "id" BLOB NOT NULL,
  "attacker_uuid" TEXT,
  "kind" TEXT,
  "hash" TEXT,
  "raw" TEXT,
  "seen_by" TEXT,
  "first_seen" TEXT,
  "last_seen" TEXT,
  "count" INTEGER,
  PRIMARY KEY ("id")
);
CREATE INDEX "fingerprint_by_attacker_uuid" ON "fingerprint" ("attacker_uuid");
CREATE INDEX "fingerprint_by_hash" ON "fingerprint" ("hash");
CREATE TABLE IF NOT EXISTS "tcp_syn" (
  "id" INTEGER NOT NULL,
  "attacker_uuid" TEXT,
  "connection" TEXT,
  "at" TEXT,
  "side" TEXT,
  "src_port" INTEGER,
  "dst_port" INTEGER,
  "attempt" INTEGER,
  "since_s" REAL,
  "isn" INTEGER,
  "options" TEXT,
  "ecn" TEXT,
  "ttl" INTEGER,
  "ip_id" INTEGER,
  "df" INTEGER,
  "window" INTEGER,
  "mss" INTEGER,
  "wscale" INTEGER,
  "tsval" INTEGER,
  PRIMARY KEY ("id")
);
CREATE INDEX "tcp_syn_by_attacker_uuid" ON "tcp_syn" ("attacker_uuid");
CREATE TABLE IF NOT EXISTS "tcp_flow" (
  "id" INTEGER NOT NULL,
  "attacker_uuid" TEXT,
  "connection" TEXT,
  "began_at" TEXT,
  "ended_at" TEXT,
  "end" TEXT,
  "src_port" INTEGER,
  "dst_port" INTEGER,
  "packets" INTEGER,
  "bytes" INTEGER,
  "repeats" INTEGER,
  "initial_window_segments" INTEGER,
  "initial_window_bytes" INTEGER,
  "rto_s" TEXT,
  "mss" INTEGER,
  "max_segment" INTEGER,
  "pmtud" TEXT,
  "pacing" TEXT,
  "marks" TEXT,
  "server" TEXT,
  PRIMARY KEY ("id")
);
CREATE INDEX "tcp_flow_by_attacker_uuid" ON "tcp_flow" ("attacker_uuid");
CREATE TABLE IF NOT EXISTS "tls_session" (
  "id" INTEGER NOT NULL,
  "attacker_uuid" TEXT,
  "connection" TEXT,
  "at" TEXT,
  "src_port" INTEGER,
  "dst_port" INTEGER,
  "carrier" TEXT,
  "sni" TEXT,
  "alpn" TEXT,
  "offered_version" TEXT,
  "version" TEXT,
  "cipher" TEXT,
  "chosen_alpn" TEXT,
  "resumption" TEXT,
  PRIMARY KEY ("id")
);
CREATE INDEX "tls_session_by_attacker_uuid" ON "tls_session" ("attacker_uuid");
CREATE TABLE IF NOT EXISTS "http_client" (
  "id" INTEGER NOT NULL,
  "attacker_uuid" TEXT,
  "connection" TEXT,
  "at" TEXT,
  "h2_settings" TEXT,
  "h2_priority" TEXT,
  PRIMARY KEY ("id")
);
CREATE INDEX "http_client_by_attacker_uuid" ON "http_client" ("attacker_uuid");
CREATE TABLE IF NOT EXISTS "http_request" (
  "id" INTEGER NOT NULL,
  "attacker_uuid" TEXT,
  "connection" TEXT,
  "at" TEXT,
  "method" TEXT,
  "target" TEXT,
  "version" TEXT,
  "header_order" TEXT,
  PRIMARY KEY ("id")
);
CREATE INDEX "http_request_by_attacker_uuid" ON "http_request" ("attacker_uuid");
CREATE TABLE IF NOT EXISTS "http_cookie" (
  "id" INTEGER NOT NULL,
  "attacker_uuid" TEXT,
  "name" TEXT,
  "fate" TEXT,
  "attributes" TEXT,
  PRIMARY KEY ("id")
);
CREATE INDEX "http_cookie_by_attacker_uuid" ON "http_cookie" ("attacker_uuid");
CREATE TABLE IF NOT EXISTS "probe" (
  "id" INTEGER NOT NULL,
  "attacker_uuid" TEXT,
  "target" TEXT,
  "result" TEXT,
  PRIMARY KEY ("id")
);
CREATE INDEX "probe_by_attacker_uuid" ON "probe" ("attacker_uuid");
CREATE TABLE IF NOT EXISTS "smtp_targets" (
  "id" INTEGER NOT NULL,
  "attacker_uuid" TEXT,
  "domain" TEXT,
  "first_seen" TEXT,
  "last_seen" TEXT,
  "count" INTEGER,
  PRIMARY KEY ("id")
);
CREATE INDEX "smtp_targets_by_attacker_uuid" ON "smtp_targets" ("attacker_uuid");
CREATE INDEX "smtp_targets_by_domain" ON "smtp_targets" ("domain");
CREATE UNIQUE INDEX "smtp_targets_by_attacker_uuid_and_domain" ON "smtp_targets" ("attacker_uuid", "domain");
CREATE TABLE IF NOT EXISTS "artifact" (
  "id" INTEGER NOT NULL,
  "attacker_uuid" TEXT,
  "sid" TEXT,
  "at" TEXT,
  "path" TEXT,
  "url" TEXT,
  "sha256" BLOB,
  "size" INTEGER,
  "mime" TEXT,
  "origin" TEXT,
  "held" INTEGER,
  "keeping" TEXT,
  PRIMARY KEY ("id")
);
CREATE INDEX "artifact_by_attacker_uuid" ON "artifact" ("attacker_uuid");
CREATE INDEX "artifact_by_sid" ON "artifact" ("sid");
CREATE INDEX "artifact_by_sha256" ON "artifact" ("sha256");
CREATE TABLE IF NOT EXISTS "identity" (
  "id" TEXT NOT NULL,
  "label" TEXT,
  "confidence" REAL,
  PRIMARY KEY ("id")
);
CREATE TABLE IF NOT EXISTS "identity_link" (
  "id" INTEGER NOT NULL,
  "identity" TEXT,
  "attacker_uuid" TEXT,
  "evidence" TEXT,
  PRIMARY KEY ("id")
);
CREATE INDEX "identity_link_by_identity" ON "identity_link" ("identity");
CREATE TABLE IF NOT EXISTS "federation_peer" (
  "id" TEXT NOT NULL,
  "public_key" BLOB,
  PRIMARY KEY ("id")
);
CREATE TABLE IF NOT EXISTS "federation_query" (
  "id" INTEGER NOT NULL,
  "peer" TEXT,
  "question" TEXT,
  "answer" TEXT,
  PRIMARY KEY ("id")
);
CREATE VIEW IF NOT EXISTS logs AS SELECT seq AS id, strftime('%Y-%m-%dT%H:%M:%S', (at_ns - ((at_ns % 1000000000) + 1000000000) % 1000000000) / 1000000000, 'unixepoch') || printf('.%06dZ', (((at_ns % 1000000000) + 1000000000) % 1000000000) / 1000) AS "timestamp", decky, service, kind AS event_type, CASE WHEN src LIKE '::ffff:%.%' THEN substr(src, 8) ELSE src END AS attacker_ip, session, fact AS event FROM journal;
CREATE VIEW IF NOT EXISTS bounty AS SELECT attacker_uuid, 'fingerprint' AS bounty_type, kind AS name, hash AS "value", first_seen, last_seen, "count" FROM fingerprint UNION ALL SELECT attacker_uuid, 'credential', "user", secret, first_seen, last_seen, "count" FROM credential;
