// Plays a sequence into a core, resets it for 1, 2 or 3 cycles at a random moment, and plays it again from its
// start, ROUNDS times; every beat that comes out must be the next one of what is expected since the reset.
//
// `STIMULUS, `EXPECTED: files of beats, {TLAST, TDATA}, with CLEAR {state_clear, TLAST, TDATA} in. Prints what was wrong, then PASS or FAIL with how many
// resets met a beat that waited for the sink.

`default_nettype none

module bench;
    localparam IN_BEATS  = `IN_BEATS;
    localparam OUT_BEATS = `OUT_BEATS;
    localparam ROUNDS    = `ROUNDS;
    localparam SPAN      = `SPAN;  // cycles within which a reset comes

    reg clk = 1'b0;
    always #5 clk = ~clk;

`ifdef CLEAR
    localparam BEAT_W = `IN_W + 2;
`else
    localparam BEAT_W = `IN_W + 1;
`endif

    reg [BEAT_W-1:0] stimulus [0:IN_BEATS-1];
    reg [`OUT_W:0] expected [0:OUT_BEATS-1];
    initial $readmemh(`STIMULUS, stimulus);
    initial $readmemh(`EXPECTED, expected);

    integer seed     = `SEED;
    integer rounds   = 0;
    integer left     = 5;      // cycles until reset comes or, in reset, until it goes
    integer accepted = 0;      // beats since reset
    integer received = 0;
    integer waiting  = 0;      // resets that met a beat
    integer idle     = 0;
    integer errors   = 0;
    integer style    = 1;      // of the sink: 0 always takes, 1 in half of all cycles, 2 in an eighth, 3 never

    reg           rst_n = 1'b0;
    reg           valid = 1'b0;
    reg           ready = 1'b0;
    reg [BEAT_W-1:0] beat = {BEAT_W{1'b0}};

    wire           s_ready;
    wire           m_valid;
    wire [`OUT_W:0] m_beat;

    `TOP dut (
        .aclk          (clk),
        .aresetn       (rst_n),
`ifdef CLEAR
        .state_clear   (valid & beat[BEAT_W-1]),
`endif
        .s_axis_tdata  (beat[`IN_W-1:0]),
        .s_axis_tvalid (valid),
        .s_axis_tready (s_ready),
        .s_axis_tlast  (beat[`IN_W]),
        .m_axis_tdata  (m_beat[`OUT_W-1:0]),
        .m_axis_tvalid (m_valid),
        .m_axis_tready (ready),
        .m_axis_tlast  (m_beat[`OUT_W])
    );

    function integer below(input integer limit);
        below = $unsigned($random(seed)) % limit;
    endfunction

    task wrong(input [8*24-1:0] what);
        begin
            errors = errors + 1;
            if (errors < 10) $display("round %0d, beat %0d: %0s", rounds, received, what);
        end
    endtask

    reg done;
    reg entering;
    always @(posedge clk) begin
        if (m_valid === 1'bx || s_ready === 1'bx) wrong("undefined");
        if (~rst_n & (m_valid | s_ready)) wrong("moves in reset");
        if (valid & s_ready) accepted = accepted + 1;
        if (m_valid & ready) begin
            if (received >= OUT_BEATS) wrong("a beat too many");
            else if (m_beat !== expected[received]) wrong("another word");
            received = received + 1;
        end
        idle = (~rst_n | (valid & s_ready) | (m_valid & ready)) ? 0 : idle + 1;
        done = (rounds == ROUNDS) & (received >= OUT_BEATS);
        if (done | (rounds == ROUNDS & idle > 64*SPAN) | errors > 50) begin
            $display("%0s: %0d resets met a beat that waited", (done && errors == 0) ? "PASS" : "FAIL", waiting);
            $finish;
        end

        left     = left - 1;
        entering = 1'b0;
        if (left <= 0 && (rounds < ROUNDS || ~rst_n)) begin
            if (rst_n) begin
                if (m_valid & ~ready) waiting = waiting + 1;
                entering = 1'b1;
                rounds   = rounds + 1;
                left     = 1 + below(3);
                accepted = 0;
                received = 0;
                // The sink turns to another style at once: one that waited may take in the next cycle.
                style    = (rounds == ROUNDS) ? 0 : (style == 3) ? 0 : below(4);
            end else begin
                left = 1 + below(SPAN);
            end
            rst_n <= ~rst_n;
        end
        ready <= (style == 0) | (style == 1 & below(2) == 0) | (style == 2 & below(8) == 0);
        // A beat that is offered stays until it is taken; in reset the source does as it likes, and may
        // come out of it with its first beat offered.
        if (entering | ~rst_n | ~valid | s_ready) begin
            valid <= (accepted < IN_BEATS) & (below(4) != 0);
            beat  <= stimulus[(accepted < IN_BEATS) ? accepted : 0];
        end
    end
endmodule

`default_nettype wire
