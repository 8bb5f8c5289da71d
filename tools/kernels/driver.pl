# Keeps one Perl alive and runs the session's steps in it. The protocol is that of sandbox.h.
#
# `my` lives as long as its scope. A step's text therefore ends in lines of ours that read the next
# step and evaluate it, still inside that scope: each step is nested in the one before, as if all
# were one file. A step that dies leaves its own scope only. Between steps there is a goto and no
# loop, so that a stray `last` finds none to leave.

package Sunaba;

my ($code, $status, $pid, $count, $busy, $over, $text, $token) = (undef, undef, $$, 0, 0, 1, '', '');
my @spare;                      # copies of standard output and error
my $CWD_MAX = 4096;             # bytes of a record
my $STOP    = \'interrupted';

sub say_record {
    my ($record) = @_;
    for (my $at = 0; $at < length $record;) {
        my $n = syswrite $status, $record, length($record) - $at, $at;
        $at += $n if $n;
        CORE::exit(1) if !$n && !$!{EINTR};    # the step closed it
    }
}

# The folder's name without a module: Cwd costs more than all of this.
sub cwd {
    my $cwd = readlink '/proc/self/cwd';
    return '' if !defined $cwd || $cwd =~ / \(deleted\)\z/ && !-e $cwd;
    return substr $cwd, 0, $CWD_MAX;
}

# What a step closed is open again for the next one, in the order of the descriptors.
sub mend {
    open STDIN, '<', '/dev/null' if !defined fileno STDIN;
    for my $handle (*STDOUT{IO}, *STDERR{IO}) {
        my $spare = $spare[$handle == *STDERR{IO}];
        next if defined fileno $handle && stat $handle;
        open $handle, '>&', $spare or next;
        my $selected = select $handle;
        $| = 1;
        select $selected;
    }
}

sub done {
    my ($how) = @_;
    $busy = 0;
    $over = 1;
    CORE::exit($how) if $$ != $pid;    # a fork that ran on to the step's end
    $| = 1;
    mend();
    say_record("D$token $how\t" . cwd() . "\0");
}

# Just so many bytes of the code's descriptor.
sub take {
    my ($want) = @_;
    my $got = '';
    while (length $got < $want) {
        my $n = sysread $code, $got, $want - length $got, length $got;
        next if !defined $n && $!{EINTR};
        CORE::exit(0) if !$n;
    }
    return $got;
}

sub ready {
    done(0) if !$over;    # a step that jumped to our label
    CORE::exit(1) if !$over;    # or that put something in our place
    my $head = '';
    $head .= take(1) until $head =~ /\n\z/;
    (my $length, my $number, $token) = split ' ', $head;
    my $step = take($length);
    $count = $number || $count + 1 if $step ne '';
    no warnings;
    # `system { $program } @list` cannot be had with a replacement.
    if ($step =~ /\bsystem\s*\(?\s*\{/) { undef *CORE::GLOBAL::system }
    else                               { *CORE::GLOBAL::system = \&run }
    $text = "package main;\n#line 1 \"step$count.pl\"\n$step\n";
    # A deep nest is slow: a step that declares nothing needs none.
    $text .= ";\n#line 1 \"sunaba\"\n"
      . 'Sunaba::done(0); SUNABA: Sunaba::ready(); eval Sunaba::text(); Sunaba::ended(); goto SUNABA;'
      if $step =~ /\b(?:my|our|state|use|no)\b/;
}

sub text {
    ($busy, $over, $@) = (1, 0, '');
    return $text;
}

# Behind a step that died, or left by `return` or `__END__` before our lines.
sub ended {
    my $error = $@;
    $busy = 0;
    return if $over && $error eq '';
    return done(0) if !ref $error && $error eq '';
    if (ref $error && $error == $STOP) {
        syswrite STDERR, "Interrupted\n";
        return done(130);
    }
    my $shown = eval { "$error" };
    $shown = ref($error) . " (its message failed)\n" if !defined $shown;
    $shown =~ s/\n\teval \{\.\.\.\} called at sunaba line \d+//g;
    $shown =~ s/\n\teval '.*?' called at (?:sunaba|\S*driver\.pl) line \d+//sg;
    $shown =~ s/;\n#line 1 "step\d+\.pl"\n//g;
    $shown .= "\n" if $shown !~ /\n\z/;
    utf8::encode($shown) if utf8::is_utf8($shown);
    syswrite STDERR, $shown;
    done(1);
}

# Perl ignores SIGINT while it waits for a child; a child that it ended ends the step.
sub run {
    my $answer = CORE::system(@_);
    die $STOP if $busy && ($? & 127) == 2;
    return $answer;
}

sub divide {
    my $child = CORE::fork();
    if (defined $child && $child == 0) {
        close $_ for $code, $status, @spare;
    }
    return $child;
}

sub prepare {
    open $code,   '<&=', 200 or CORE::exit(1);
    open $status, '>&=', 201 or CORE::exit(1);
    open $spare[0], '>&', \*STDOUT or CORE::exit(1);
    open $spare[1], '>&', \*STDERR or CORE::exit(1);
    fcntl $_, 2, 1 for $code, $status, @spare;    # F_SETFD, FD_CLOEXEC
    *CORE::GLOBAL::fork = \&divide;
    $SIG{INT} = sub { die $STOP if $busy };
    $| = 1;
    ($0, @ARGV) = ('perl');
    say_record("R+\0");
}

package main;

Sunaba::prepare();
SUNABA: Sunaba::ready(); eval Sunaba::text(); Sunaba::ended(); goto SUNABA;
