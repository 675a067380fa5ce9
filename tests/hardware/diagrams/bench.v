// Drives a core with scripted beats and prints its ports at every rising edge, for the drawings.
//
// Beats come from beats.mem, {TLAST, TDATA}; masks.mem has one row a cycle after reset:
// {state_clear, sink willing, source willing}.

`default_nettype none
`timescale 1ns / 1ps

module bench;
    localparam BEATS  = `BEATS;
    localparam CYCLES = `CYCLES;

    reg clk = 1'b0;
    always #5 clk = ~clk;

    reg [`IN_W:0] beats [0:BEATS-1];
    reg [2:0]     masks [0:CYCLES-1];
    initial $readmemh("beats.mem", beats);
    initial $readmemh("masks.mem", masks);

    integer       cycle = 0;
    integer       place = 0;
    reg           rst_n = 1'b0;
    reg           clear = 1'b0;
    reg           valid = 1'b0;
    reg           ready = 1'b0;
    reg [`IN_W:0] beat  = {(`IN_W+1){1'b0}};

    wire              s_ready;
    wire [`OUT_W-1:0] m_data;
    wire              m_valid;
    wire              m_last;

    lstm_top dut (
        .aclk          (clk),
        .aresetn       (rst_n),
`ifdef CLEAR
        .state_clear   (clear),
`endif
        .s_axis_tdata  (beat[`IN_W-1:0]),
        .s_axis_tvalid (valid),
        .s_axis_tready (s_ready),
        .s_axis_tlast  (beat[`IN_W]),
        .m_axis_tdata  (m_data),
        .m_axis_tvalid (m_valid),
        .m_axis_tready (ready),
        .m_axis_tlast  (m_last)
    );

    wire free = ~valid | s_ready;

    always @(posedge clk) begin
        $display("%b %b %b %b %b %h %b %b %b %h", rst_n, clear, valid, s_ready, beat[`IN_W],
                 beat[`IN_W-1:0], m_valid, ready, m_last, m_data);
        cycle <= cycle + 1;
        if (cycle == CYCLES - 1) $finish;
        rst_n <= (cycle >= 1);
        clear <= masks[cycle][2];
        ready <= masks[cycle][1];
        if (free) begin
            valid <= masks[cycle][0] & (place < BEATS);
            if (masks[cycle][0] & (place < BEATS)) begin
                beat <= beats[place];
                place <= place + 1;
            end
        end
    end
endmodule

`default_nettype wire
