// lprnn_beat_queue - queues the beats of many steps.
//
//   beats -> [ memory of DEPTH beats ] -> beats, in their order
//
// Latency: 2 cycles from a beat in to the beat offered.

`default_nettype none

module lprnn_beat_queue #(
    parameter DEPTH    = 64,      // beats
    parameter ELEMENTS = 1,       // elements of a beat
    parameter CODE_W   = 4,       // bits of an element's code
    parameter CODE_ODD = 0,       // 1: codes are odd, of CODE_W bits and the last one
    parameter STYLE    = "block"  // of the memory: "distributed", "block" or "auto"
) (
    input  wire                                 clk,
    input  wire                                 rst,
    // elements of whole bytes
    input  wire                                 s_valid_i,
    output wire                                 s_ready_o,
    input  wire [ELEMENTS*((CODE_W+7)/8)*8-1:0] s_data_i,
    output wire                                 m_valid_o,
    input  wire                                 m_ready_i,
    output wire [ELEMENTS*((CODE_W+7)/8)*8-1:0] m_data_o
);

    localparam ROW_W   = $clog2((DEPTH > 1) ? DEPTH : 2);
    localparam COUNT_W = $clog2(DEPTH + 1);

    localparam integer END_ROW_INT = DEPTH - 1;
    localparam [ROW_W-1:0] END_ROW = END_ROW_INT[ROW_W-1:0];
    localparam integer FULL_INT = DEPTH;
    localparam [COUNT_W-1:0] FULL = FULL_INT[COUNT_W-1:0];

    reg [ROW_W-1:0]   write_row_q;
    reg [ROW_W-1:0]   read_row_q;  // of the beat that is offered, or of the next
    reg [COUNT_W-1:0] count_q;     // beats in the memory
    reg               valid_q;

    wire accept = s_valid_i & s_ready_o;
    wire take   = valid_q & m_ready_i;

    wire [ROW_W-1:0] read_next = (read_row_q == END_ROW) ? {ROW_W{1'b0}} : read_row_q + 1'b1;
    wire [ROW_W-1:0] read_row  = take ? read_next : read_row_q;

    always @(posedge clk) begin
        if (rst) begin
            write_row_q <= {ROW_W{1'b0}};
            read_row_q  <= {ROW_W{1'b0}};
            count_q     <= {COUNT_W{1'b0}};
            valid_q     <= 1'b0;
        end else begin
            if (accept) begin
                write_row_q <= (write_row_q == END_ROW) ? {ROW_W{1'b0}} : write_row_q + 1'b1;
            end
            read_row_q <= read_row;
            if (accept & ~take) begin
                count_q <= count_q + 1'b1;
            end else if (~accept & take) begin
                count_q <= count_q - 1'b1;
            end
            // What is written in this cycle can be read in the next.
            valid_q <= take ? (|(count_q >> 1)) : (|count_q);
        end
    end

    lprnn_beat_ram #(
        .DEPTH    (DEPTH),
        .ELEMENTS (ELEMENTS),
        .CODE_W   (CODE_W),
        .CODE_ODD (CODE_ODD),
        .STYLE    (STYLE)
    ) u_memory (
        .clk          (clk),
        .read_addr_i  (read_row),
        .data_o       (m_data_o),
        .write_i      (accept),
        .write_addr_i (write_row_q),
        .data_i       (s_data_i)
    );

    assign s_ready_o = (count_q != FULL);
    assign m_valid_o = valid_q;

endmodule

`default_nettype wire
