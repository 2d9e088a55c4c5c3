# Runs in the place of a service, with its unit's restrictions, and tries what they forbid: one line
# for each attempt, "name yes" where it succeeded, else "name no: why". Raw system calls are those of
# x86-64 and arm64.
use strict;
use warnings;
use POSIX ();
use Socket;

my %numbers = (
	x86_64  => { mmap => 9, unshare => 272, mount => 165, setuid => 105, bpf => 321 },
	aarch64 => { mmap => 222, unshare => 97, mount => 40, setuid => 146, bpf => 280 },
);
my $call = $numbers{ (POSIX::uname())[4] } or die "no numbers of system calls for this machine\n";

sub tell_of {
	my ($name, $done) = @_;
	my $why = $!;
	print $name, $done ? " yes\n" : " no: $why\n";
}

sub open_socket {
	my ($name, $family, $type) = @_;
	tell_of($name, socket(my $s, $family, $type, 0));
}

sub write_file {
	my ($name, $path) = @_;
	my $done = open(my $f, '>', $path);
	tell_of($name, $done);
	if ($done) {
		close $f;
		unlink $path;
	}
}

# Sends what a line of the file says to a socket: "yes" if the answer with that number comes. A frame is a length, a type,
# ten more bytes, and what the length says.
sub ask {
	my ($name, $path, $request, $answer) = @_;
	my ($received, $done, $s) = ('', 0, undef);
	my $connected = socket($s, AF_UNIX, SOCK_STREAM, 0) && connect($s, Socket::sockaddr_un($path))
		&& defined syswrite($s, pack('H*', $request));
	while ($connected && !$done && sysread($s, $received, 65536, length $received)) {
		while (length $received >= 16 && length $received >= 16 + unpack('V', $received)) {
			$done ||= unpack('x4 v', $received) == $answer;
			substr($received, 0, 16 + unpack('V', $received)) = '';
		}
	}
	tell_of($name, $done);
}

local $SIG{PIPE} = 'IGNORE';
$| = 1;
if (open(my $lines, '<', '/var/lib/probe.messages')) {
	ask(split /\t/, $_) for split /\n/, do { local $/; <$lines> };
}
open_socket('inet', AF_INET, SOCK_STREAM);
open_socket('inet6', AF_INET6, SOCK_STREAM);
open_socket('unix', AF_UNIX, SOCK_STREAM);
open_socket('netlink', 16, SOCK_RAW);
open_socket('packet', 17, SOCK_RAW);
write_file('write /etc', '/etc/probe');
write_file('write /usr', '/usr/probe');
write_file('write /var/tmp', '/var/tmp/probe');
write_file('write /var/lib/banter', '/var/lib/banter/probe');
write_file('write /run/banter', '/run/banter/probe');
write_file('write /etc/banter', '/etc/banter/probe');
tell_of('read credentials', opendir(my $d, '/etc/banter/credentials'));
tell_of('read /var/lib/banter', opendir(my $e, '/var/lib/banter'));
tell_of('read /root', opendir(my $r, '/root'));
opendir(my $proc, '/proc') or die;
my @others = grep { /^\d+$/ && (stat "/proc/$_")[4] != $< } readdir $proc;
tell_of('see others', @others > 0);
# PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS
tell_of('write and execute', syscall($call->{mmap}, 0, 4096, 7, 0x22, -1, 0) != -1);
tell_of('new namespace', syscall($call->{unshare}, 0x10000000) != -1);
tell_of('mount', syscall($call->{mount}, 0, 0, 0, 0, 0) != -1 || $!{EFAULT} || $!{ENOENT});
tell_of('become root', syscall($call->{setuid}, 0) != -1);
tell_of('bpf', syscall($call->{bpf}, 0, 0, 0) != -1 || $!{EINVAL} || $!{E2BIG});
tell_of('set-user-id file', open(my $t, '>', '/tmp/probe') && chmod(04755, '/tmp/probe'));
tell_of('devices', open(my $kmsg, '<', '/dev/kmsg'));
