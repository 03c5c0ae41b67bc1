// Drives the decoy with golang.org/x/crypto/ssh; tells what it met, one line each.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/crypto/ssh"
)

func tell(name string, value interface{}) { fmt.Printf("%s %q\n", name, fmt.Sprint(value)) }

func must(err error) {
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
}

func run(client *ssh.Client) {
	session, err := client.NewSession()
	must(err)
	var stdout, stderr bytes.Buffer
	session.Stdout, session.Stderr = &stdout, &stderr
	err = session.Run("uname; ls /nothere")
	tell("stdout", stdout.String())
	tell("stderr", stderr.String())
	if exit, is := err.(*ssh.ExitError); is {
		tell("status", exit.ExitStatus())
	}
}

func main() {
	port, folder, scenario := os.Args[1], os.Args[2], os.Args[3]
	password := "root"
	if scenario == "refused" {
		password = "wrong"
	}
	config := &ssh.ClientConfig{
		User:            "root",
		Auth:            []ssh.AuthMethod{ssh.Password(password)},
		HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		Timeout:         20 * time.Second,
	}
	if scenario == "copies" && len(os.Args) > 4 {
		config.RekeyThreshold = 1 << 18
	}
	client, err := ssh.Dial("tcp", "127.0.0.1:"+port, config)
	if scenario == "refused" {
		tell("refused", err)
		return
	}
	must(err)
	switch scenario {
	case "runs":
		run(client)
	case "types":
		session, err := client.NewSession()
		must(err)
		var stdout bytes.Buffer
		session.Stdout = &stdout
		stdin, err := session.StdinPipe()
		must(err)
		must(session.Setenv("LANG", "C"))
		must(session.RequestPty("vt220", 30, 100, ssh.TerminalModes{ssh.ECHO: 1}))
		must(session.Shell())
		must(session.WindowChange(31, 101))
		is, _, err := client.SendRequest("keepalive@golang.org", true, nil)
		tell("alive", fmt.Sprint(is, err))
		stdin.Write([]byte("uname\rexit 4\r"))
		err = session.Wait()
		tell("typed", bytes.Contains(stdout.Bytes(), []byte("Linux")))
		if exit, is := err.(*ssh.ExitError); is {
			tell("status", exit.ExitStatus())
		}
	case "copies":
		// The package has no SFTP of its own: what goes up and down goes through scp and cat.
		content, err := os.ReadFile(folder + "/up")
		must(err)
		session, err := client.NewSession()
		must(err)
		stdin, err := session.StdinPipe()
		must(err)
		stdout, err := session.StdoutPipe()
		must(err)
		must(session.Start("scp -t /root/up"))
		fmt.Fprintf(stdin, "C0644 %d up\n", len(content))
		stdin.Write(content)
		stdin.Write([]byte{0})
		answers := make([]byte, 3)
		_, err = io.ReadFull(stdout, answers)
		must(err)
		stdin.Close()
		must(session.Wait())
		tell("answers", answers)
		other, err := client.NewSession()
		must(err)
		stdin, err = other.StdinPipe()
		must(err)
		stdout, err = other.StdoutPipe()
		must(err)
		must(other.Start("scp -f /root/up"))
		stdin.Write([]byte{0})
		head := make([]byte, len("C0644 1500000 up\n"))
		_, err = io.ReadFull(stdout, head)
		must(err)
		tell("head", string(head))
		stdin.Write([]byte{0})
		down := make([]byte, len(content)+1)
		_, err = io.ReadFull(stdout, down)
		must(err)
		stdin.Write([]byte{0})
		must(other.Wait())
		must(os.WriteFile(folder+"/down", down[:len(content)], 0o600))
		run(client)
	case "forwards":
		_, err := client.Dial("tcp", "127.0.0.1:"+os.Args[4])
		tell("local", err)
		listener, err := client.Listen("tcp", "127.0.0.1:0")
		must(err)
		tell("remote", listener.Addr().String() != "127.0.0.1:0")
	}
	client.Close()
}
