# Keeps one Ruby alive and runs the session's steps in it. The protocol is that of sandbox.h.
#
# Steps are evaluated in TOPLEVEL_BINDING, so that local variables persist and `def` means what it
# means at the top of a script. The driver is a class without a name: a step's names meet none of
# ours. The value of a last expression is shown unless it is an assignment, a definition or a loop.
# A step may redefine any method: what must work between steps was taken before.

Class.new do
  self::CODE_FD = 200
  self::STATUS_FD = 201
  self::CWD_MAX = 4096 # bytes of a record
  self::SHOWN_CAUSES = 8 # exceptions in a row
  # Kinds of nodes whose value nobody asks for.
  self::QUIET = /\A(?:[LDIGCV]+ASGN|DASGN_CURR|MASGN|OP_\w+|ATTRASGN|CDECL|DEF[NS]|CLASS|MODULE|SCLASS|UNDEF|V?ALIAS|WHILE|UNTIL|FOR)\z/
  self::LOOPS = /\A(?:each\w*|times|upto|downto|step|loop)\z/

  def initialize
    @count = 0
    @busy = false
    @pid = Process.pid
    @code = IO.for_fd(self.class::CODE_FD, 'rb', autoclose: false)
    @status = IO.for_fd(self.class::STATUS_FD, 'wb', autoclose: false)
    @ours = [@code, @status].each { |io| io.close_on_exec = true }
    @gets, @read, @write = @code.method(:gets), @code.method(:read), @status.method(:syswrite)
    @eval = TOPLEVEL_BINDING.method(:eval)
    @split = String.instance_method(:split)
    @exit = Process.method(:exit!)
  end

  def prepare
    Encoding.default_external = Encoding::UTF_8
    $stdout.sync = $stderr.sync = true
    $PROGRAM_NAME = 'ruby'
    ARGV.clear
    trap('INT') { raise Interrupt, '' if @busy && Process.pid == @pid }
    return unless Process.respond_to?(:_fork)
    ours = @ours
    Process.singleton_class.prepend(Module.new do
      define_method(:_fork) do
        pid = super()
        ours.each { |io| io.close unless io.closed? } if pid.zero?
        pid
      end
    end)
  end

  def last_node(code)
    node = RubyVM::AbstractSyntaxTree.parse(code).children.last
    node = node.children.last while node.type == :BLOCK
    node
  rescue Exception # rubocop:disable Lint/RescueException
    nil
  end

  # One whose value is not for the reader.
  def quiet?(code)
    node = last_node(code) or return false
    return true if self.class::QUIET.match?(node.type.to_s)
    return false unless node.type == :ITER
    node.children.first.children.any? { |c| c.is_a?(Symbol) && self.class::LOOPS.match?(c.to_s) }
  end

  def execute(code, number)
    @count = number > 0 ? number : @count + 1
    value = @eval.call(code, "step#{@count}.rb", 1)
    $stdout.puts(value.inspect) unless nil.equal?(value) || quiet?(code)
  end

  def run(code, number)
    @busy = true
    execute(code, number)
    0
  rescue SystemExit => e
    e.status
  rescue Interrupt
    complain("Interrupted\n")
    130
  rescue Exception => e # rubocop:disable Lint/RescueException
    @busy = false
    report(e)
    1
  ensure
    @busy = false
  end

  def complain(text)
    STDERR.write(text)
  rescue StandardError
    nil # the step closed it
  end

  def message(error)
    text = error.respond_to?(:detailed_message) ? error.detailed_message(highlight: false) : error.message
    text = text.to_s.dup.force_encoding(Encoding::UTF_8).scrub
    error.respond_to?(:detailed_message) || error.is_a?(SyntaxError) ? text : text.sub(/$/, " (#{error.class})")
  rescue StandardError
    "#{error.class} (its message failed)"
  end

  def report(error)
    self.class::SHOWN_CAUSES.times do
      frames = (error.backtrace || []).reject { |line| line.start_with?("#{__FILE__}:", '<internal:') }
      text = message(error)
      placed = text.start_with?(/step\d+\.rb:\d+:/) # a syntax error names its own place
      frames.shift if placed && frames.first&.match?(/\Astep\d+\.rb\z/)
      place = placed || frames.empty? ? '' : "#{frames.shift}: "
      frames = frames.first(10) + ["#{frames.size - 20} more"] + frames.last(10) if frames.size > 21
      complain("#{place}#{text}\n#{frames.map { |line| "\tfrom #{line}\n" }.join}")
      error = error.cause or break
    end
  end

  def flush
    [$stdout, $stderr, STDOUT, STDERR].each do |io|
      io.flush
    rescue StandardError
      next # the step's own replacement, closed or broken
    end
  end

  # What a step closed is open again for the next one; Ruby keeps the descriptors themselves.
  def mend
    { STDOUT: 1, STDERR: 2 }.each do |name, fd|
      next unless Object.const_get(name).closed?
      io = IO.for_fd(fd, 'w', autoclose: false)
      io.sync = true
      Object.send(:remove_const, name)
      Object.const_set(name, io)
    end
    $stdout = STDOUT if $stdout.is_a?(IO) && $stdout.closed?
    $stderr = STDERR if $stderr.is_a?(IO) && $stderr.closed?
  rescue StandardError
    nil
  end

  def cwd
    Dir.pwd.b.byteslice(0, self.class::CWD_MAX)
  rescue SystemCallError
    ''
  end

  def serve
    prepare
    @write.call("R+\0")
    while (head = @gets.call("\n"))
      length, number, token = @split.bind(head).call
      length = Integer(length)
      code = @read.call(length)
      status = begin
        length > 0 ? run(code.force_encoding(Encoding::UTF_8).scrub, Integer(number)) : 0
      rescue Interrupt # a second one, inside the first one's report
        130
      end
      flush
      @exit.call(status) if Process.pid != @pid # a fork that ran on to the step's end
      mend
      @write.call("D#{token} #{status}\t#{cwd}\0")
    end
  rescue SystemCallError, IOError
    complain("the step closed what the interpreter is driven by\n")
    @exit.call(1)
  end
end.new.serve
