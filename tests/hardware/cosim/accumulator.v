// acc[e] += x[e] + w[e], one step at a time: takes all beats, waits, gives all beats.
// The tests put numbers for the words in capitals between @ signs.
`default_nettype none
module accumulator_top (
    input wire aclk,
    input wire aresetn,
    input wire state_clear,
    input wire [@PER_BEAT@*@WIDTH@-1:0] s_axis_tdata,
    input wire s_axis_tvalid,
    output wire s_axis_tready,
    input wire s_axis_tlast,
    output wire [@PER_BEAT@*@WIDTH@-1:0] m_axis_tdata,
    output wire m_axis_tvalid,
    input wire m_axis_tready,
    output wire m_axis_tlast
`ifdef LPRNN_TRACE
    ,
    output wire trace_l0_valid,
    output wire [1:0] trace_l0_gate,
    output wire [15:0] trace_l0_group,
    output wire [2*11-1:0] trace_l0_z
`endif
);
    localparam BEATS = (@ELEMENTS@ + @PER_BEAT@ - 1) / @PER_BEAT@;
    localparam ROOM = BEATS * @PER_BEAT@;

    reg [@WIDTH@-1:0] w [0:@ELEMENTS@-1];
    initial $readmemh("w.mem", w, 0, @ELEMENTS@-1);

    reg [@WIDTH@-1:0] acc [0:ROOM-1];
    reg [15:0] beat_q;
    reg [15:0] wait_q;
    reg giving_q, waiting_q, fresh_q, last_q;
    reg [15:0] step_q;
    integer e;

    wire take = s_axis_tvalid && s_axis_tready;
    wire give = m_axis_tvalid && m_axis_tready;
    wire end_of_step = beat_q == BEATS - 1;
    assign s_axis_tready = !giving_q && !waiting_q;
    assign m_axis_tvalid = giving_q @SPOIL_VALID@;
    assign m_axis_tlast = giving_q && last_q && end_of_step;

    always @(posedge aclk) begin
        if (!aresetn) begin
            beat_q <= 0;
            wait_q <= 0;
            giving_q <= 0;
            waiting_q <= 0;
            fresh_q <= 1;
            step_q <= 0;
        end else begin
            if (state_clear) fresh_q <= 1;
            if (take) begin
                for (e = 0; e < @PER_BEAT@; e = e + 1)
                    if (beat_q * @PER_BEAT@ + e < @ELEMENTS@)
                        acc[beat_q * @PER_BEAT@ + e] <= s_axis_tdata[e*@WIDTH@ +: @WIDTH@]
                            + w[beat_q * @PER_BEAT@ + e]
                            + (fresh_q ? 0 : acc[beat_q * @PER_BEAT@ + e]);
                last_q <= s_axis_tlast;
                beat_q <= end_of_step ? 0 : beat_q + 1;
                waiting_q <= end_of_step;
                if (end_of_step) fresh_q <= 0;
            end
            if (waiting_q) begin
                wait_q <= wait_q + 1;
                if (wait_q == @WAIT@ - 1) begin
                    wait_q <= 0;
                    waiting_q <= 0;
                    giving_q <= 1;
                end
            end
            if (give) begin
                beat_q <= end_of_step ? 0 : beat_q + 1;
                giving_q <= !end_of_step;
                if (end_of_step && last_q) fresh_q <= 1;
            end
            @EXTRA@
        end
    end

    genvar i;
    generate
        for (i = 0; i < @PER_BEAT@; i = i + 1) begin : gen_out
            assign m_axis_tdata[i*@WIDTH@ +: @WIDTH@] =
                beat_q * @PER_BEAT@ + i < @ELEMENTS@ ? acc[beat_q * @PER_BEAT@ + i] @SPOIL_DATA@ : 0;
        end
    endgenerate

`ifdef LPRNN_TRACE
    // Two groups of two units; gate g of unit u shows acc[u] + g in 11 bits.
    assign trace_l0_valid = waiting_q && wait_q < 8;
    assign trace_l0_gate = wait_q[1:0];
    assign trace_l0_group = wait_q >> 2;
    wire [10:0] low = acc[wait_q[2] ? 2 : 0] + wait_q[1:0];
    wire [10:0] high = acc[wait_q[2] ? 3 : 1] + wait_q[1:0] @SPOIL_TRACE@;
    assign trace_l0_z = {high, low};
`endif
endmodule
`default_nettype wire
