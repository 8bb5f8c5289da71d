# Keeps one R alive and runs the session's steps in it. The protocol is that of sandbox.h.
#
# Everything of ours is in one environment above base: the global one is the steps' alone, and none
# of their functions is taken for one of R's. Visible values are printed as at R's own prompt. Plots
# of a step go to PNG files named plot-STEP-N.png.
# R cannot mark a descriptor close-on-exec; those inherited are closed after they were opened anew.
base::local(envir = base::new.env(parent = base::baseenv()), {
	cwd_max <- 4096L # bytes of a record
	count <- number <- 0L
	token <- ""
	code <- file("/proc/self/fd/200", "rb", raw = TRUE)
	status <- file("/proc/self/fd/201", "wb", raw = TRUE)

	say <- function(text) {
		writeBin(c(charToRaw(text), as.raw(0L)), status)
		flush(status)
	}

	take <- function(want) {
		got <- raw(0L)
		while (length(got) < want) {
			part <- readBin(code, "raw", want - length(got))
			if (length(part) == 0L)
				base::quit("no", 0L, FALSE)
			got <- c(got, part)
		}
		got
	}

	read <- function() {
		head <- raw(0L)
		repeat {
			byte <- take(1L)
			if (byte == as.raw(10L))
				break
			head <- c(head, byte)
		}
		words <- strsplit(rawToChar(head), " ", fixed = TRUE)[[1L]]
		number <<- as.integer(words[2L])
		token <<- words[3L]
		text <- rawToChar(take(as.integer(words[1L])))
		Encoding(text) <- "UTF-8"
		if (!validUTF8(text))
			text <- iconv(text, "UTF-8", "UTF-8", sub = "byte")
		gsub("\r\n", "\n", text, fixed = TRUE) # as R reads files; its parser knows no CR
	}

	complain <- function(...) cat(paste0(c(...), collapse = ""), file = stderr())

	# "step3.R:2" of a call or expression that has a source reference of a step, else NULL.
	place <- function(ref) {
		from <- attr(ref, "srcfile")
		if (is.null(ref) || is.null(from) || !grepl("^step[0-9]+\\.R$", from$filename))
			return(NULL)
		paste0(from$filename, ":", ref[[1L]])
	}

	frames <- function(calls) {
		shown <- character()
		for (call in rev(calls)) {
			at <- place(attr(call, "srcref"))
			if (identical(call[[1L]], quote(.handleSimpleError)))
				shown <- character()
			else if (!is.null(at))
				shown <- c(shown, paste0("  at ", at, ": ", deparse(call, nlines = 1L)[1L]))
		}
		shown[seq_len(min(length(shown), 20L))]
	}

	# " in f(x)", unless it is a call of ours.
	where <- function(condition) {
		call <- conditionCall(condition)
		ours <- inherits(condition, "sunaba_parse") || is.null(call) ||
			identical(call, quote(eval(exprs[i], globalenv())))
		if (ours) "" else paste0(" in ", deparse(call, nlines = 1L)[1L])
	}

	# As options(warn = 1) shows them, which the user may have changed.
	warned <- function(condition) {
		if (!identical(as.integer(getOption("warn")), 1L))
			return()
		complain("Warning", where(condition), ": ", conditionMessage(condition), "\n")
		invokeRestart("muffleWarning")
	}

	report <- function(error, calls, top) {
		call <- conditionCall(error)
		complain("Error", where(error), ": ", conditionMessage(error), "\n")
		if (!inherits(error, "sunaba_parse"))
			complain(paste0(c(frames(calls), if (!is.null(top)) paste0("  at ", top)), "\n"))
	}

	device <- function(...) {
		name <- sprintf("plot-%d-%%d.png", count)
		if (isTRUE(capabilities("cairo")))
			grDevices::png(name, 900L, 600L, type = "cairo")
		else
			grDevices::pdf(sub("%d.png", "1.pdf", name, fixed = TRUE))
	}

	close_plots <- function() {
		if (!"grDevices" %in% loadedNamespaces())
			return()
		while (grDevices::dev.cur() > 1L)
			grDevices::dev.off()
	}

	parsed <- function(text, name) {
		lines <- strsplit(text, "\n", fixed = TRUE)[[1L]]
		tryCatch(parse(text = text, keep.source = TRUE, srcfile = srcfilecopy(name, lines)),
			 error = function(e) stop(structure(class = c("sunaba_parse", class(e)), e)))
	}

	execute <- function(text) {
		calls <- list()
		top <- NULL
		tryCatch({
			withCallingHandlers({
				exprs <- parsed(text, paste0("step", count, ".R"))
				refs <- attr(exprs, "srcref")
				for (i in seq_along(exprs)) {
					top <- place(refs[[i]])
					value <- withVisible(eval(exprs[i], globalenv()))
					if (value$visible)
						print(value$value)
				}
			}, warning = warned, error = function(e) calls <<- sys.calls())
			0L
		}, error = function(e) {
			report(e, calls, top)
			1L
		}, interrupt = function(e) {
			complain("Interrupted\n")
			130L
		})
	}

	run <- function(text) {
		count <<- if (number > 0L) number else count + 1L
		how <- tryCatch(withRestarts(allowInterrupts(execute(text)), abort = function() 1L),
				error = function(e) {
					complain("Error: ", conditionMessage(e), "\n")
					1L
				}, interrupt = function(e) 130L)
		try(close_plots(), silent = TRUE)
		how
	}

	# Loading all of the package would take longer.
	tryCatch({
		dyn.load(file.path(.Library, "parallel", "libs", "parallel.so"))
		.Call("mc_close_fds", c(200L, 201L))
	}, error = function(e) NULL)
	# What steps may close is theirs alone.
	unlockBinding("closeAllConnections", baseenv())
	assign("closeAllConnections", function() {
		for (i in seq_len(sink.number()))
			sink()
		sink(type = "message")
		for (i in setdiff(as.integer(rownames(showConnections())), c(code, status)))
			close(getConnection(i))
		invisible()
	}, envir = baseenv())
	lockBinding("closeAllConnections", baseenv())
	options(warn = 1L, device = device, keep.source = TRUE, browserNLdisabled = TRUE,
		menu.graphics = FALSE, error = NULL)
	# R that is not interactive answers its own questions: with a terminal it is asked there.
	input <- Sys.readlink("/proc/self/fd/0")
	if (startsWith(input, "/dev/pts/")) {
		ask <- function(prompt = "") {
			cat(prompt)
			flush(stdout())
			line <- readLines("stdin", n = 1L)
			if (length(line)) line else ""
		}
		environment(ask) <- baseenv()
		unlockBinding("readline", baseenv())
		assign("readline", ask, envir = baseenv())
		lockBinding("readline", baseenv())
	} else if (input == "/dev/null") {
		# Who reads descriptor 0 is told that it is empty. R reads a copy of it, or nothing.
		asked <- function() system("cat")
		tell <- function(name, when) {
			f <- get(name, baseenv())
			body(f) <- bquote({
				if (.(when))
					.(asked)()
				.(body(f))
			})
			unlockBinding(name, baseenv())
			assign(name, f, envir = baseenv())
			lockBinding(name, baseenv())
		}
		tell("readline", TRUE)
		tell("file", quote(identical(description, "stdin")))
	}
	pid <- Sys.getpid()
	say("R+")
	# A SIGINT is for steps alone; one that R takes note of late ends the step it was meant for.
	suspendInterrupts(repeat {
		text <- read()
		how <- if (nzchar(text)) run(text) else 0L
		how <- tryCatch({
			allowInterrupts(Sys.sleep(0))
			how
		}, interrupt = function(e) 130L)
		if (Sys.getpid() != pid)
			base::quit("no", how, FALSE)
		cwd <- getwd()
		say(paste0("D", token, " ", how, "\t", if (is.null(cwd)) "" else substr(cwd, 1L, cwd_max)))
	})
})
