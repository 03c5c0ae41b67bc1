/* Drives the decoy with libssh; tells what it met, one line each. */
#include <fcntl.h>
#include <libssh/libssh.h>
#include <libssh/sftp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UP 1500000
static char content[UP], back[UP];

static void fail(const char *what) {
    printf("failed %s\n", what);
    exit(1);
}

static int read_all(ssh_channel channel, char *into, int room, int is_stderr) {
    int have = 0, got;
    while (have < room && (got = ssh_channel_read(channel, into + have, room - have, is_stderr)) > 0)
        have += got;
    return have;
}

static void run(ssh_session session) {
    char out[256] = {0}, err[256] = {0};
    ssh_channel channel = ssh_channel_new(session);
    if (ssh_channel_open_session(channel) || ssh_channel_request_exec(channel, "uname; ls /nothere"))
        fail("exec");
    read_all(channel, out, sizeof out - 1, 0);
    read_all(channel, err, sizeof err - 1, 1);
    printf("stdout %sstderr %s", out, err);
    ssh_channel_send_eof(channel);
    ssh_channel_close(channel);
    printf("status %d\n", ssh_channel_get_exit_status(channel));
    ssh_channel_free(channel);
}

static void type(ssh_session session) {
    static char out[65536];
    ssh_channel channel = ssh_channel_new(session);
    if (ssh_channel_open_session(channel) || ssh_channel_request_env(channel, "LANG", "C") ||
        ssh_channel_request_pty_size(channel, "vt220", 100, 30) ||
        ssh_channel_request_shell(channel) || ssh_channel_change_pty_size(channel, 101, 31))
        fail("shell");
    ssh_send_ignore(session, "ignored");
    ssh_send_debug(session, "debugged", 0);
    ssh_channel_write(channel, "uname\rexit 4\r", 13);
    read_all(channel, out, sizeof out - 1, 0);
    printf("typed %d\n", strstr(out, "Linux") != NULL);
    printf("status %d\n", ssh_channel_get_exit_status(channel));
    ssh_channel_free(channel);
}

static void copy(ssh_session session, const char *folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/up", folder);
    int file = open(path, O_RDONLY);
    if (file < 0 || read(file, content, UP) != UP) fail("up");
    close(file);
    sftp_session files = sftp_new(session), others = sftp_new(session);
    if (!files || !others || sftp_init(files) || sftp_init(others)) fail("sftp");
    sftp_file remote = sftp_open(files, "/root/up", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    for (int at = 0; at < UP; at += 30000)
        if (!remote || sftp_write(remote, content + at, 30000) != 30000) fail("write");
    sftp_close(remote);
    remote = sftp_open(others, "/root/up", O_RDONLY, 0);
    int have = 0, got;
    while (remote && have < UP && (got = sftp_read(remote, back + have, UP - have)) > 0) have += got;
    printf("sftp %d\n", have == UP && !memcmp(content, back, UP));
    if (remote) sftp_close(remote);
    if (!sftp_open(others, "/nothere", O_RDONLY, 0)) printf("nothere %d\n", sftp_get_error(others));
    sftp_free(others);
    sftp_free(files);

    ssh_scp scp = ssh_scp_new(session, SSH_SCP_WRITE, "/root");
    if (ssh_scp_init(scp) || ssh_scp_push_file(scp, "scp", UP, 0644)) fail("scp to");
    for (int at = 0; at < UP; at += 30000)
        if (ssh_scp_write(scp, content + at, 30000)) fail("scp write");
    ssh_scp_close(scp);
    ssh_scp_free(scp);
    scp = ssh_scp_new(session, SSH_SCP_READ, "/root/scp");
    if (ssh_scp_init(scp) || ssh_scp_pull_request(scp) != SSH_SCP_REQUEST_NEWFILE) fail("scp from");
    ssh_scp_accept_request(scp);
    memset(back, 0, UP);
    for (have = 0; have < UP && (got = ssh_scp_read(scp, back + have, UP - have)) > 0;) have += got;
    printf("scp %d\n", have == UP && !memcmp(content, back, UP));
    ssh_scp_close(scp);
    ssh_scp_free(scp);
    run(session);
}

int main(int count, char **arguments) {
    int port = atoi(arguments[1]);
    const char *scenario = arguments[3];
    ssh_session session = ssh_new();
    ssh_options_set(session, SSH_OPTIONS_HOST, "127.0.0.1");
    ssh_options_set(session, SSH_OPTIONS_PORT, &port);
    ssh_options_set(session, SSH_OPTIONS_USER, "root");
    if (!strcmp(scenario, "runs") && count > 4)
        ssh_options_set(session, SSH_OPTIONS_COMPRESSION, "yes");
    if (!strcmp(scenario, "copies") && count > 4) {
        uint64_t bytes = 1 << 18;
        ssh_options_set(session, SSH_OPTIONS_REKEY_DATA, &bytes);
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    if (ssh_connect(session)) fail(ssh_get_error(session));
    if (!strcmp(scenario, "refused")) {
        printf("refused %d", ssh_userauth_password(session, NULL, "wrong"));
        printf(" %s\n", ssh_get_error(session));
    } else {
        if (ssh_userauth_none(session, NULL) != SSH_AUTH_DENIED) fail("none");
        if (ssh_userauth_password(session, NULL, "root")) fail(ssh_get_error(session));
    }
    if (!strcmp(scenario, "runs")) run(session);
    if (!strcmp(scenario, "types")) type(session);
    if (!strcmp(scenario, "copies")) copy(session, arguments[2]);
    if (!strcmp(scenario, "forwards")) {
        ssh_channel channel = ssh_channel_new(session);
        if (ssh_channel_open_forward(channel, "127.0.0.1", atoi(arguments[4]), "127.0.0.1", 1))
            printf("local %s\n", ssh_get_error(session));
        ssh_channel_free(channel);
        int bound = 0;
        printf("remote %d", ssh_channel_listen_forward(session, "127.0.0.1", 0, &bound));
        printf(" %d\n", bound > 0);
    }
    ssh_disconnect(session);
    ssh_free(session);
    return 0;
}
