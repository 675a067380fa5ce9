// SPDX-License-Identifier: MIT OR Apache-2.0
// lprnn-hw 0.1.0
// verilator lint_off TIMESCALEMOD
// one_top_tb - self-checking test bench: plays vectors into the core and compares every beat.
//
// For any simulator of Verilog-2005 or SystemVerilog. In the folder above this one:
//   $ iverilog -s one_top_tb -o sim.vvp -f one.f tb/one_top_tb.v
//   $ vvp -N sim.vvp
// or
//   $ verilator --binary --top-module one_top_tb -f one.f tb/one_top_tb.v
//   $ obj_dir/Vone_top_tb
// Prints PASS or FAIL. A difference, missing vectors, a stuck stream, and a memory of the core that is
// missing, short or stale end with FAIL and $stop, for which vvp -N and Verilator have an exit status
// that is not 0 (vvp -n has not).
//
// Vectors, in the folder that VECTORS names, a slash at its end; empty: where the simulation runs, or
// tb/ in it. MEMORIES likewise, for the memories of the core.
//   one_stimulus.mem   4 input beats, {TLAST, TDATA}
//   one_expected.mem   4 output beats, {TLAST, TDATA}
// Define LPRNN_NETLIST when the core is a netlist, which has no parameters.
// Define LPRNN_NO_STALLS for a source and a sink that never wait; the cycles between the last beats
// of consecutive steps are then compared with the 26 that interface.json states.

`default_nettype none

module one_top_tb #(
    parameter MEMORIES = "",
    parameter VECTORS  = ""
);

    localparam IN_BEATS      = 4;
    localparam OUT_BEATS     = 4;
    localparam STEP_BEATS    = 1;
    localparam STEP_CYCLES   = 26;
    localparam SETTLED_STEPS = 1;
    localparam PATIENCE      = 1448;

    reg clk = 1'b0;
    reg rst_n = 1'b0;
    always #5 clk = ~clk;

    reg [8:0]  stimulus [0:IN_BEATS-1];
    reg [8:0] expected [0:OUT_BEATS-1];

    reg          s_valid = 1'b0;
    wire         s_ready;
    reg [8:0]  s_beat = 9'h0;
    wire         m_valid;
    reg          m_ready = 1'b0;
    wire [8:0] m_beat;

    one_top
`ifndef LPRNN_NETLIST
    #(
        .MEMORIES      (MEMORIES)
    )
`endif
    dut (
        .aclk          (clk),
        .aresetn       (rst_n),
        .s_axis_tdata  (s_beat[7:0]),
        .s_axis_tvalid (s_valid),
        .s_axis_tready (s_ready),
        .s_axis_tlast  (s_beat[8]),
        .m_axis_tdata  (m_beat[7:0]),
        .m_axis_tvalid (m_valid),
        .m_axis_tready (m_ready),
        .m_axis_tlast  (m_beat[8])
    );

    integer    sent      = 0;
    integer    received  = 0;
    integer    errors    = 0;
    integer    cycle     = 0;
    integer    idle      = 0;
    integer    step_end  = 0;
    reg        running   = 1'b0;
    reg [31:0] noise     = 32'h1d872b41;
    integer    handle;

    // Idle and back-pressure come in bursts: three bits of noise, held by chance.
`ifdef LPRNN_NO_STALLS
    wire offer = 1'b1;
    wire take  = 1'b1;
`else
    wire offer = noise[3] | noise[9] | ~noise[17];
    wire take  = noise[5] | noise[12] | ~noise[22];
`endif

    initial begin
        handle = 0;
        if (VECTORS == "") begin
            handle = $fopen("one_stimulus.mem", "r");
        end
        if (handle != 0) begin
            $fclose(handle);
            $readmemh("one_stimulus.mem", stimulus);
            $readmemh("one_expected.mem", expected);
        end else if (VECTORS == "") begin
            $readmemh("tb/one_stimulus.mem", stimulus);
            $readmemh("tb/one_expected.mem", expected);
        end else begin
            $readmemh({VECTORS, "one_stimulus.mem"}, stimulus);
            $readmemh({VECTORS, "one_expected.mem"}, expected);
        end
        // The last beat of each carries TLAST; what was not read is x, or 0 in some simulators.
        if (stimulus[IN_BEATS-1][8] !== 1'b1 || expected[OUT_BEATS-1][8] !== 1'b1) begin
            $display("FAIL: one_stimulus.mem or one_expected.mem is missing or short");
            $display("run in the folder of the design or where the files are, or name their folder:");
            $display("parameter VECTORS of the test bench");
            $stop;
            $finish;
        end
    end

    always @(posedge clk) begin
        cycle   <= cycle + 1;
        rst_n   <= (cycle >= 7);
        running <= (cycle >= 11);
        noise <= {noise[30:0], noise[31] ^ noise[21] ^ noise[1] ^ noise[0]};
        if (running) begin
            if (s_valid & s_ready | ~s_valid) begin
                s_valid <= (sent < IN_BEATS) & offer;
                if (sent < IN_BEATS & offer) begin
                    s_beat <= stimulus[sent];
                    sent   <= sent + 1;
                end
            end
            m_ready <= take;
            idle    <= (s_valid & s_ready | m_valid & m_ready) ? 0 : idle + 1;
            if (idle > PATIENCE) begin
                $display("FAIL: no beat moved for %0d cycles after %0d of %0d output beats",
                         idle, received, OUT_BEATS);
                $stop;
                $finish;
            end
            if (m_valid & m_ready) begin
                if (m_beat !== expected[received]) begin
                    errors <= errors + 1;
                    if (errors < 10) begin
                        $display("step %0d beat %0d: hardware %h, model %h", received / STEP_BEATS,
                                 received % STEP_BEATS, m_beat, expected[received]);
                    end
                end
                received <= received + 1;
                if (received % STEP_BEATS == STEP_BEATS - 1) begin
                    step_end <= cycle;
`ifdef LPRNN_NO_STALLS
                    // The source of this test bench must not run dry before the last step.
                    if (received / STEP_BEATS >= SETTLED_STEPS && sent < IN_BEATS
                            && cycle - step_end != STEP_CYCLES) begin
                        errors <= errors + 1;
                        $display("step %0d took %0d cycles, interface.json says %0d",
                                 received / STEP_BEATS, cycle - step_end, STEP_CYCLES);
                    end
`endif
                end
                if (received == OUT_BEATS - 1) begin
                    if (errors == 0 && m_beat === expected[received]) begin
                        $display("PASS: %0d beats equal, %0d cycles", OUT_BEATS, cycle);
                        $finish;
                    end else begin
                        $display("FAIL: differences in %0d beats", OUT_BEATS);
                        $stop;
                        $finish;
                    end
                end
            end
        end
    end

endmodule

`default_nettype wire
